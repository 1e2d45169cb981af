import { memo } from 'react';
import { Link, useLocation } from 'wouter';
import type { NodeView } from '../../../electron/contract/model.ts';
import { useClusterNow } from '../../api/use-cluster-live.tsx';
import { IconButton } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { cx } from '../../ui/cx.ts';
import { formatAgo, formatBytes, formatCount, formatList, formatSpan } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { Menu } from '../../ui/menu.tsx';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { StatusShape, StatusWord } from '../../ui/status-shape.tsx';
import { delayText } from '../faults/fault-text.ts';
import { actionLooks, actionsFor, isWayBack } from './node-action-rules.ts';
import type { NodeActions } from './node-actions.ts';
import { SparkLine } from './spark-line.tsx';
import styles from './node-card.module.css';

/** A node's own word older than this is shown with its age. */
const STALE_WORD_MS = 2_000;
/** What fills the memory bar: the budget of an idle node, by which growth shows. */
const FULL_MEMORY_BYTES = 256 * 1024 * 1024;

export interface NodeCardProps {
  readonly node: NodeView;
  /** Of its replicas, how many have each role. */
  readonly leads: number;
  readonly follows: number;
  readonly stands: number;
  readonly learns: number;
  /** Partitions it leads whose leader is new. */
  readonly gained: number;
  /** Null where acting is not allowed. */
  readonly actions: NodeActions | null;
  /** Null where leaders may not be moved. */
  readonly handOver: NodeActions['handOver'] | null;
  readonly selected: boolean;
  /** Where its log is read. */
  readonly logsHref: string;
  /** Where its partitions are inspected. */
  readonly raftHref: string;
}

export const NodeCard = memo(function NodeCard(props: NodeCardProps) {
  const { node, selected, actions } = props;
  const gone = node.state === 'dead' || node.state === 'stopped';
  return (
    <article
      className={cx(styles.card, node.state === 'dead' && styles.dead, selected && styles.selected)}
      aria-label={`Node ${node.name}, ${node.state}`}
    >
      <CardHeader {...props} gone={gone} />
      {node.state === 'dead' ? (
        <DeadFacts node={node} />
      ) : gone ? (
        <StoppedFacts node={node} />
      ) : (
        <LiveFacts node={node} />
      )}
      {actions !== null && (
        <footer className={styles.actions} aria-label={`Actions for ${node.name}`} role="group">
          {actionsFor(node.state).map((action) => (
            <button
              key={action}
              type="button"
              className={cx(isWayBack(action) && styles.go)}
              aria-label={`${actionLooks[action].label} ${node.name}`}
              aria-busy={actions.isBusy(action, node) || undefined}
              onClick={() => {
                if (!actions.isBusy(action, node)) actions.run(action, node);
              }}
            >
              <Icon name={actionLooks[action].icon} size={14} />
              {action === 'start' ? `Start ${node.name}` : actionLooks[action].label}
            </button>
          ))}
          {node.state === 'dead' && (
            <button type="button" aria-label={`Wipe data of ${node.name}…`} onClick={() => actions.wipe(node)}>
              <Icon name="trash" size={14} />
              Wipe data…
            </button>
          )}
        </footer>
      )}
    </article>
  );
});

function CardHeader({
  node,
  leads,
  follows,
  stands,
  learns,
  gained,
  actions,
  handOver,
  logsHref,
  raftHref,
  gone,
}: NodeCardProps & { gone: boolean }) {
  const led = node.state === 'live' ? node.replicas.find((replica) => replica.role === 'leader') : undefined;
  return (
    <header className={styles.header}>
      <StatusShape state={node.state} />
      <h2 className={styles.id}>{node.name}</h2>
      <StatusWord state={node.state} />
      {gone || node.state === 'paused' || node.state === 'partitioned' ? (
        <Since node={node} />
      ) : (
        <span className={styles.roles}>
          <RoleCount letter="L" word="Leads" count={leads} gained={gained} />
          <RoleCount letter="F" word="Follows" count={follows} />
          {stands > 0 && <RoleCount letter="C" word="Stands for" count={stands} />}
          {learns > 0 && <RoleCount letter="N" word="Learns" count={learns} />}
        </span>
      )}
      <span className={styles.right}>
        <Link href={logsHref} className={styles.logs} aria-label={`Logs of ${node.name}`}>
          <Icon name="logs" size={14} />
        </Link>
        <MoreMenu
          name={node.name}
          address={`http://${node.host}:${node.clientPort}`}
          metricsUrl={node.metricsUrl}
          pid={gone ? null : node.pid}
          handOver={leads > 0 && node.state === 'live' ? handOver : null}
          openLab={gone ? null : (actions?.openLab ?? null)}
          remove={actions?.remove ?? null}
          wipe={actions?.wipe ?? null}
          ledHref={led === undefined || actions === null ? null : `${raftHref}/${led.partition}`}
          id={node.id}
        />
      </span>
    </header>
  );
}

/** Takes plain values, so that it is not drawn again with every figure. */
const MoreMenu = memo(function MoreMenu(props: {
  name: string;
  address: string;
  metricsUrl: string;
  pid: number | null;
  id: number;
  /** Null while there is nothing to hand over. */
  handOver: NodeActions['handOver'] | null;
  /** Null where nothing may be broken, or nothing runs. */
  openLab: NodeActions['openLab'] | null;
  remove: NodeActions['remove'] | null;
  wipe: NodeActions['wipe'] | null;
  /** The inspector of a partition it leads, which moves its leader; null while it leads none that may be moved. */
  ledHref: string | null;
}) {
  const { name, address, metricsUrl, pid, id, handOver, openLab, remove, wipe, ledHref } = props;
  const [, navigate] = useLocation();
  return (
    <Menu
      label={`More for ${name}`}
      trigger={<IconButton icon="more" size="small" label={`More for ${name}`} />}
      items={[
        ...(handOver === null
          ? []
          : [
              {
                label: 'Hand over what it leads',
                icon: 'swap' as const,
                onSelect: () => handOver({ id, name }),
              },
            ]),
        ...(ledHref === null
          ? []
          : [{ label: 'Transfer a leader…', icon: 'hexagon' as const, onSelect: () => navigate(ledHref) }]),
        ...(openLab === null
          ? []
          : [
              { label: 'Cut a link…', icon: 'isolate' as const, onSelect: () => openLab({ fault: 'cut', from: id }) },
              { label: 'Delay or loss…', icon: 'wave' as const, onSelect: () => openLab({ fault: 'slow', from: id }) },
              { label: 'Slow its disk…', icon: 'disk' as const, onSelect: () => openLab({ fault: 'disk', from: id }) },
              null,
            ]),
        copyItem('Copy client address', address),
        copyItem('Copy metrics address', metricsUrl),
        ...(pid === null ? [] : [copyItem('Copy PID', String(pid))]),
        ...(remove === null || wipe === null
          ? []
          : [
              null,
              { label: 'Wipe data…', icon: 'trash' as const, danger: true, onSelect: () => wipe({ id }) },
              {
                label: 'Remove from the cluster…',
                icon: 'trash' as const,
                danger: true,
                onSelect: () => remove({ id }),
              },
            ]),
      ]}
    />
  );
});

function copyItem(label: string, text: string) {
  const onSelect = () => void copyText(text, `${text} copied.`);
  return { label, icon: 'copy' as const, hint: text.replace(/^https?:\/\//, ''), onSelect };
}

function RoleCount({
  letter,
  word,
  count,
  gained = 0,
}: {
  letter: 'L' | 'F' | 'C' | 'N';
  word: string;
  count: number;
  gained?: number;
}) {
  return (
    <span title={`${word} ${count}`}>
      <RoleGlyph role={letter} size={16} />
      <span className="sr-only">{word} </span>
      {count}
      {gained > 0 && <span className={styles.gained}>+{gained}</span>}
    </span>
  );
}

/** Who brought it into this state, and how long ago. */
function Since({ node }: { node: NodeView }) {
  const now = useClusterNow(1_000);
  const what = {
    dead: node.exit?.by === 'none' ? 'crashed' : 'killed by you',
    stopped: '',
    paused: 'by you',
    partitioned: 'cut off',
    live: '',
    suspect: '',
  }[node.state];
  return (
    <span className={styles.since}>
      {what} {formatAgo(now - node.sinceMs)}
    </span>
  );
}

function LiveFacts({ node }: { node: NodeView }) {
  const now = useClusterNow(1_000);
  const age = node.heardAtMs === null ? null : now - node.heardAtMs;
  const stale = age !== null && age >= STALE_WORD_MS;
  return (
    <div className={cx(styles.facts, stale && styles.stale)}>
      <dl className={styles.kv}>
        <dt>PID</dt>
        <dd>{node.pid ?? '–'}</dd>
        <dt>Client</dt>
        <dd className="mono">:{node.clientPort}</dd>
        <dt>Up</dt>
        <dd>{node.startedAtMs === null ? '–' : formatSpan(now - node.startedAtMs)}</dd>
        <dt>Raft</dt>
        <dd className="mono">{node.raftPort === 0 ? '–' : `:${node.raftPort}`}</dd>
        {node.raftCounters !== null && node.raftCounters !== undefined && <RaftCounters counters={node.raftCounters} />}
      </dl>
      {node.storageError !== null ? (
        <p className={styles.trouble}>
          <Icon name="alert" size={14} />
          Storage: {node.storageError}
        </p>
      ) : (
        <div className={styles.meters}>
          <Meter label="CPU" value={node.cpuPercent === null ? '–' : `${node.cpuPercent.toFixed(0)}%`}>
            <Bar fraction={(node.cpuPercent ?? 0) / 100} />
          </Meter>
          <Meter label="Mem" value={node.memoryBytes === null ? '–' : formatBytes(node.memoryBytes)}>
            <Bar fraction={(node.memoryBytes ?? 0) / FULL_MEMORY_BYTES} />
          </Meter>
          <Meter label="Ops/s" value={node.opsPerSecond === null ? '–' : formatCount(node.opsPerSecond)}>
            <SparkLine values={node.opsHistory} />
          </Meter>
        </div>
      )}
      {node.diskDelayMs > 0 && (
        <p className={styles.slowed}>
          <Icon name="disk" size={14} />
          Disk writes slowed by {delayText(node.diskDelayMs)}
        </p>
      )}
      {stale && <span className={styles.age}>{formatSpan(age)} old</span>}
    </div>
  );
}

/** What the metrics of a server tell that has no more to say. */
function RaftCounters({ counters }: { counters: NonNullable<NodeView['raftCounters']> }) {
  const figure = (value: number | null) => (value === null ? '–' : formatCount(value));
  return (
    <>
      <dt>Elections won</dt>
      <dd>{figure(counters.electionsWon)}</dd>
      <dt>Heartbeats lost</dt>
      <dd>{figure(counters.heartbeatsFailed)}</dd>
    </>
  );
}

function DeadFacts({ node }: { node: NodeView }) {
  const led = node.replicas.filter((replica) => replica.role === 'leader').map((replica) => `p${replica.partition}`);
  const upFor = node.exit === null || node.startedAtMs === null ? null : node.exit.atMs - node.startedAtMs;
  const data = node.dataBytes === null ? 'kept' : `kept, ${formatBytes(node.dataBytes)}`;
  const exit = node.exit === null ? '–' : (node.exit.signal ?? `code ${node.exit.code ?? '?'}`);
  return (
    <div className={styles.facts}>
      <dl className={styles.kv}>
        <dt>Exit</dt>
        <dd>{exit}</dd>
        <dt>PID</dt>
        <dd>{node.pid === null ? 'gone' : `${node.pid}, gone`}</dd>
        <dt>Data</dt>
        <dd>{data}</dd>
        <dt>Up for</dt>
        <dd>{upFor === null ? '–' : formatSpan(upFor)}</dd>
      </dl>
      <p className={styles.after}>
        {led.length === 0
          ? 'Led no partition.'
          : `Led ${led.length > 4 ? `${led.length} partitions` : formatList(led)}.`}{' '}
        On start it rejoins as a follower and catches up.
      </p>
    </div>
  );
}

function StoppedFacts({ node }: { node: NodeView }) {
  return (
    <div className={styles.facts}>
      <dl className={styles.kv}>
        <dt>PID</dt>
        <dd>none</dd>
        <dt>Client</dt>
        <dd className="mono">:{node.clientPort}</dd>
        <dt>Data</dt>
        <dd>{node.dataBytes === null ? 'kept' : `kept, ${formatBytes(node.dataBytes)}`}</dd>
        <dt>Raft</dt>
        <dd className="mono">{node.raftPort === 0 ? '–' : `:${node.raftPort}`}</dd>
      </dl>
      <p className={styles.after}>Started again, it goes on where it ended and catches up with the others.</p>
    </div>
  );
}

function Meter({ label, value, children }: { label: string; value: string; children: React.ReactNode }) {
  return (
    <div className={styles.meter}>
      <div>
        <span>{label}</span>
        <b>{value}</b>
      </div>
      {children}
    </div>
  );
}

function Bar({ fraction }: { fraction: number }) {
  const width = Math.min(100, Math.max(0, fraction * 100));
  return (
    <svg className={styles.bar} viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
      <rect width={width} height="3" />
    </svg>
  );
}
