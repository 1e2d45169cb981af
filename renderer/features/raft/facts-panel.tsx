import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { termClass } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { cx } from '../../ui/cx.ts';
import { formatCount } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { StatusShape } from '../../ui/status-shape.tsx';
import { age } from './age.ts';
import { commitRule } from './commit-rule.ts';
import { divergesAt, entriesBehind, snapshotPercent } from './logs.ts';
import { inOrder, isReachable, nameOf, roleLetter } from './roles.ts';
import { WordsText } from './words-text.tsx';
import styles from './raft.module.css';

/** More than this is worth a colour. */
const MUCH_BEHIND = 5;

/** What every replica says of itself, and why the commit index is what it is. */
export function FactsPanel({ live }: { live: PartitionLive }) {
  return (
    <Panel
      className={styles.factsPanel}
      title="Replica facts"
      actions={
        <Button
          variant="ghost"
          size="small"
          icon="copy"
          onClick={() => void copyText(`${JSON.stringify(live, null, 2)}\n`, 'Replica facts copied as JSON.')}
        >
          Copy as JSON
        </Button>
      }
    >
      <div
        className={styles.factsScroll}
        tabIndex={0}
        role="region"
        aria-label="Table of replica facts"
        onKeyDown={(event) => {
          // Here the arrows scroll; they must not step through time as well.
          if (event.key.startsWith('Arrow')) event.stopPropagation();
        }}
      >
        <table className={styles.facts}>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Status</th>
              {columns.map(([name, title]) => (
                <th key={name} scope="col" title={title}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {inOrder(live).map((replica) => (
              <Row key={replica.node} live={live} replica={replica} />
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.rule}>
        <b>Commit rule</b> <WordsText words={commitRule(live)} />
      </p>
    </Panel>
  );
}

const columns = [
  ['Term', 'The newest term the replica knows of'],
  ['Voted for', 'Whom it gave its vote in that term'],
  ['Commit', 'Up to here it knows its log to be final'],
  ['Last log', 'The last entry of its log'],
  ['Applied', 'Up to here its entries are in its keys'],
  ['Snapshot', 'Entries up to here are kept as a state only'],
  ['Lag', 'Entries of the leader it is not known to hold'],
] as const;

function Row({ live, replica }: { live: PartitionLive; replica: InspectedReplica }) {
  const { word } = replica;
  const isOld = word !== null && word.term < live.partition.term;
  const isPast = !isReachable(replica) && replica.state !== 'partitioned';
  return (
    <tr className={cx(replica.node === live.partition.leader && styles.leads, isPast && styles.past)}>
      <th scope="row">
        <span className={styles.who}>
          <RoleGlyph role={roleLetter(replica)} term={word?.term} size={20} />
          <b>{replica.name}</b>
        </span>
      </th>
      <td>
        <span className={styles.status}>
          <StatusShape state={replica.state} />
          {replica.state}
          {isPast && <span className={styles.age}>{age(live.timeMs - replica.sinceMs)}</span>}
        </span>
      </td>
      {word === null ? (
        columns.map(([name]) => <td key={name}>–</td>)
      ) : (
        <>
          <td>
            <b className={cx(isOld && styles.oldTerm, isOld && termClass(word.term))}>{word.term}</b>
          </td>
          <td>{word.votedFor === 0 ? '–' : nameOf(word.votedFor)}</td>
          <td>{formatCount(word.commitIndex)}</td>
          <td>{formatCount(word.lastLogIndex)}</td>
          <td>{formatCount(word.appliedIndex)}</td>
          <td>
            <Snapshot live={live} replica={replica} firstLogIndex={word.firstLogIndex} />
          </td>
          <td>
            <Lag live={live} replica={replica} />
          </td>
        </>
      )}
    </tr>
  );
}

function Snapshot(props: { live: PartitionLive; replica: InspectedReplica; firstLogIndex: number }) {
  const percent = snapshotPercent(props.live, props.replica.node);
  if (percent !== null) return <span className={styles.warn}>receiving {percent} %</span>;
  return props.firstLogIndex <= 1 ? '–' : formatCount(props.firstLogIndex - 1);
}

function Lag({ live, replica }: { live: PartitionLive; replica: InspectedReplica }) {
  if (replica.node === live.partition.leader) return '–';
  if (divergesAt(live, replica) !== null) return <span className={styles.bad}>diverged</span>;
  const behind = entriesBehind(live, replica.node);
  if (behind === null) return '–';
  return <span className={cx(behind > MUCH_BEHIND && styles.warn)}>{formatCount(behind)}</span>;
}
