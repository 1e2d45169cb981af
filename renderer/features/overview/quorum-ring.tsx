import type { NodeView } from '../../../electron/contract/model.ts';
import type { StateTone } from './state-sentence.ts';

const RADIUS = 12.5;
const GAP = 4;
const colours: Readonly<Record<StateTone, string>> = {
  ok: 'var(--st-live)',
  warn: 'var(--st-suspect)',
  bad: 'var(--st-dead)',
  idle: 'var(--text-3)',
};
const marks: Readonly<Record<StateTone, string>> = {
  ok: 'm11.2 16.3 3.2 3.2 6.2-6.6',
  warn: 'M16 10.6v6.6M16 21v.2',
  bad: 'm12 12 8 8M20 12l-8 8',
  idle: 'M12 16h8',
};

/** One arc a node, drawn in the state's colour while the node is up; the mark says the state without colour. */
export function QuorumRing({ nodes, tone }: { nodes: readonly NodeView[]; tone: StateTone }) {
  const round = 2 * Math.PI * RADIUS;
  const step = round / Math.max(1, nodes.length);
  const gap = nodes.length > 1 ? GAP : 0;
  return (
    <svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">
      <g transform="rotate(-81 16 16)" fill="none" strokeWidth="4">
        {nodes.map((node, i) => (
          <circle
            key={node.id}
            cx="16"
            cy="16"
            r={RADIUS}
            stroke={node.state === 'live' ? colours[tone] : 'var(--fill-3)'}
            strokeDasharray={`${step - gap} ${round - step + gap}`}
            strokeDashoffset={-i * step}
          />
        ))}
      </g>
      <path
        d={marks[tone]}
        fill="none"
        stroke={colours[tone]}
        strokeWidth="2.1"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
