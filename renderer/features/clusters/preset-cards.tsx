import * as RadioGroup from 'radix-ui/radio-group';
import { Icon } from '../../ui/icon.tsx';
import { presets, type Preset } from './presets.ts';
import styles from './preset-cards.module.css';

/** The shapes worth a click; none is chosen once the counts are nobody's. */
export function PresetCards({ chosen, onChoose }: { chosen: Preset | null; onChoose: (preset: Preset) => void }) {
  return (
    <RadioGroup.Root
      className={styles.presets}
      aria-label="Preset"
      orientation="horizontal"
      value={chosen?.id ?? ''}
      onValueChange={(id) => {
        const preset = presets.find((one) => one.id === id);
        if (preset !== undefined) onChoose(preset);
      }}
    >
      {presets.map((preset) => (
        <RadioGroup.Item key={preset.id} value={preset.id} className={styles.preset}>
          <Shape nodes={preset.nodes} />
          <b>{preset.title}</b>
          <small>{preset.hint}</small>
          {preset === chosen && (
            <span className={styles.tick}>
              <Icon name="check" />
            </span>
          )}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

const CENTRE = 11;
const RADIUS = 7.6;

/** As many dots as nodes, evenly on a ring. */
function Shape({ nodes }: { nodes: number }) {
  const points = Array.from({ length: nodes }, (_, i) => {
    const angle = (2 * Math.PI * i) / nodes - Math.PI / 2;
    const radius = nodes === 1 ? 0 : RADIUS;
    return { x: CENTRE + radius * Math.cos(angle), y: CENTRE + radius * Math.sin(angle) };
  });
  return (
    <svg className={styles.shape} width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <polygon points={points.map(({ x, y }) => `${x},${y}`).join(' ')} />
      {points.map(({ x, y }) => (
        <circle key={`${x},${y}`} cx={x} cy={y} r="2.6" />
      ))}
    </svg>
  );
}
