import { useId } from 'react';
import type { MonitorSettings } from '../../../electron/contract/monitor.ts';
import { ruleLimits, ruleNames, type RuleName } from '../../../electron/contract/monitor-rules.ts';
import { ErrorNote } from '../../ui/error-note.tsx';
import { NumberStepper } from '../../ui/number-stepper.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Switch } from '../../ui/switch.tsx';
import { clockOfMinute, minuteOfClock, ruleTexts, unitWords } from './fleet-words.ts';
import { NoticePermission } from './notice-permission.tsx';
import type { SettingsState } from './use-fleet.ts';
import field from '../../ui/field.module.css';
import styles from './fleet.module.css';

/** What is watched for in every cluster, whether a window is open or not, and when it is told. */
export function RulesPanel({ settings, error, change }: SettingsState) {
  return (
    <Panel title="Rules" hint="for every cluster, also while no window is open" className={styles.side}>
      {error !== null && (
        <div className={styles.note}>
          <ErrorNote title="The rules could not be read." error={error} />
        </div>
      )}
      {settings !== null && (
        <>
          <ul className={styles.rules}>
            {ruleNames.map((name) => (
              <li key={name}>
                <Rule name={name} settings={settings} change={change} />
              </li>
            ))}
          </ul>
          <QuietHours settings={settings} change={change} />
          <NoticePermission />
        </>
      )}
    </Panel>
  );
}

interface Change {
  readonly settings: MonitorSettings;
  readonly change: (settings: MonitorSettings) => void;
}

function Rule({ name, settings, change }: Change & { name: RuleName }) {
  const { min, max, unit } = ruleLimits[name];
  const { title, text, before } = ruleTexts[name];
  const rule = settings.rules[name];
  const set = (next: Partial<typeof rule>) =>
    change({ ...settings, rules: { ...settings.rules, [name]: { ...rule, ...next } } });
  return (
    <div className={styles.rule}>
      <div>
        <Switch label={title} checked={rule.isOn} onChange={(isOn) => set({ isOn })} />
        <p>{text}</p>
      </div>
      <span className={styles.threshold}>
        <span aria-hidden="true">{before}</span>
        <NumberStepper
          label={`${title}: ${before}, in ${unitWords[unit]}`}
          hideLabel
          className={styles.stepper}
          value={rule.threshold}
          min={min}
          max={max}
          onChange={(threshold) => {
            // What is being typed need not be a threshold yet.
            if (threshold >= min && threshold <= max) set({ threshold });
          }}
        />
        <span aria-hidden="true">{unitWords[unit]}</span>
      </span>
    </div>
  );
}

function QuietHours({ settings, change }: Change) {
  const { quietHours } = settings;
  const set = (next: Partial<typeof quietHours>) => change({ ...settings, quietHours: { ...quietHours, ...next } });
  return (
    <div className={styles.rule}>
      <div>
        <Switch label="Quiet hours" checked={quietHours.isOn} onChange={(isOn) => set({ isOn })} />
        <p>What fires then is logged, and told when they end if it still holds.</p>
      </div>
      <span className={styles.threshold}>
        <Clock label="Quiet from" minute={quietHours.fromMinute} onChange={(fromMinute) => set({ fromMinute })} />
        <span aria-hidden="true">to</span>
        <Clock label="Quiet to" minute={quietHours.toMinute} onChange={(toMinute) => set({ toMinute })} />
      </span>
    </div>
  );
}

function Clock({ label, minute, onChange }: { label: string; minute: number; onChange: (minute: number) => void }) {
  const id = useId();
  return (
    <span className={styles.clock}>
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <span className={field.box}>
        <input
          id={id}
          type="time"
          className={field.input}
          value={clockOfMinute(minute)}
          onChange={(event) => {
            const typed = minuteOfClock(event.target.value);
            if (typed !== null) onChange(typed);
          }}
        />
      </span>
    </span>
  );
}
