import type { CopySettings } from '../../../electron/contract/copies.ts';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { fromBase64, toBase64 } from '../keys/bytes.ts';
import { escapeKey, parseKey } from '../keys/key-text.ts';

const MAX_RATE = 1_000_000;

export interface CopyForm {
  readonly from: string;
  readonly to: string;
  /** As keys are written. */
  readonly prefix: string;
  readonly onConflict: CopySettings['onConflict'];
  readonly skipTooLarge: boolean;
  /** Empty: as fast as it goes. */
  readonly rate: string;
  readonly follow: boolean;
}

export type CopyProblems = Partial<Record<'from' | 'to' | 'prefix' | 'rate', string>>;

/** What the assistant begins with: the clusters of the address, as far as they are named there. */
export function emptyCopyForm(from: string, to: string): CopyForm {
  return { from, to, prefix: '', onConflict: 'fail', skipTooLarge: false, rate: '', follow: false };
}

export function formOfSettings(settings: CopySettings): CopyForm {
  const { prefix, keysPerSecond, ...rest } = settings;
  return {
    ...rest,
    prefix: escapeKey(fromBase64(prefix)),
    rate: keysPerSecond === null ? '' : String(keysPerSecond),
  };
}

export function readCopyForm(
  form: CopyForm,
): { readonly ok: true; readonly settings: CopySettings } | { readonly ok: false; readonly problems: CopyProblems } {
  const problems: CopyProblems = {};
  if (form.from === '') problems.from = 'Choose where the keys are.';
  if (form.to === '') problems.to = 'Choose where they go.';
  else if (form.to === form.from) problems.to = 'Source and target are the same cluster.';
  const prefix = parseKey(form.prefix);
  if (!prefix.ok) problems.prefix = prefix.message;
  const rate = form.rate.trim().replaceAll(',', '');
  const isRate = rate === '' || (/^[0-9]{1,7}$/.test(rate) && Number(rate) >= 1 && Number(rate) <= MAX_RATE);
  if (!isRate) problems.rate = 'A whole number from 1 to 1,000,000, or nothing for no limit.';
  if (Object.keys(problems).length > 0 || !prefix.ok) return { ok: false, problems };
  const { from, to, onConflict, skipTooLarge, follow } = form;
  return {
    ok: true,
    settings: {
      from,
      to,
      prefix: toBase64(prefix.bytes),
      onConflict,
      skipTooLarge,
      keysPerSecond: rate === '' ? null : Number(rate),
      follow,
    },
  };
}

/** What can be chosen: all clusters as sources, and as targets those that may be written to. */
export function choices(clusters: readonly ClusterSummary[], side: 'from' | 'to') {
  return clusters
    .filter((cluster) => side === 'from' || !cluster.readOnly)
    .map((cluster) => ({ value: cluster.name, label: `${cluster.name} (${kindWords(cluster)})` }));
}

function kindWords({ kind, state, environment }: ClusterSummary): string {
  const kinds = { local: 'local', prkdb: 'PrkDB', etcd: 'etcd' } as const;
  const parts: string[] = [kinds[kind]];
  if (environment === 'production') parts.push('PROD');
  if (state === 'stopped') parts.push('stopped');
  if (state === 'unreachable') parts.push('not reached');
  return parts.join(', ');
}
