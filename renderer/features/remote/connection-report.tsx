import type { ConnectionReport, ConnectionStep } from '../../../electron/contract/remote.ts';
import { Badge } from '../../ui/badge.tsx';
import { formatMs, plural } from '../../ui/format.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import styles from './connection-report.module.css';

const titles: Record<ConnectionStep['step'], string> = {
  resolve: 'Names resolve',
  connect: 'Ports answer',
  tls: 'TLS handshake',
  version: 'Version',
  authenticate: 'Signed in',
  members: 'Members of one cluster',
};

const icons: Record<ConnectionStep['state'], IconName> = {
  ok: 'checkCircle',
  partial: 'alert',
  failed: 'xCircle',
  skipped: 'minus',
};

const words: Record<ConnectionStep['state'], string> = {
  ok: 'passed',
  partial: 'passed in part',
  failed: 'failed',
  skipped: 'skipped',
};

/** Each step of a connection test with its result, and what to do where one failed. */
export function ConnectionReportView({ report }: { report: ConnectionReport }) {
  const good = report.endpoints.filter((endpoint) => endpoint.ok).length;
  return (
    <div className={styles.report} role="status" aria-label="Connection test">
      <p className={styles.head}>
        <Badge tone={report.usable ? (good === report.endpoints.length ? 'ok' : 'warn') : 'bad'}>
          {good} of {plural(report.endpoints.length, 'endpoint')}
        </Badge>
        <span>in {formatMs(report.tookMs)}</span>
      </p>
      <ul className={styles.steps}>
        {report.steps.map((step) => (
          <li key={step.step} data-state={step.state}>
            <div className={styles.step}>
              <Icon name={icons[step.state]} size={14} />
              <b>{titles[step.step]}</b>
              <span className="sr-only">{words[step.state]}</span>
              <span className={styles.words}>
                {step.words}
                {step.state !== 'skipped' && step.tookMs >= 1 && ` · ${formatMs(step.tookMs)}`}
              </span>
            </div>
            {step.problems.map((problem) => (
              <div key={`${problem.endpoint ?? ''}${problem.message}`} className={styles.problem}>
                <p>{problem.message}</p>
                {problem.hint !== null && <p className={styles.hint}>{problem.hint}</p>}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}
