import type { RemoteKind } from '../../contract/model.ts';
import type { ConnectionReport, ConnectionStep, ProfileDraft } from '../../contract/remote.ts';
import { toApiError } from '../api-error.ts';
import { askEndpoint, type EndpointAnswer } from './ask-endpoint.ts';
import { connectionOf, type Connection } from './connection.ts';
import { probeName, probePort, probeTls, splitAddress } from './endpoint-probe.ts';
import type { Problem } from './problem.ts';

interface Tested {
  /** As the profile writes it. */
  readonly endpoint: string;
  readonly address: string;
  /** The first thing that failed; later steps leave it alone. */
  problem: Problem | null;
  answer: EndpointAnswer | null;
  tookMs: number;
}

type StepName = ConnectionStep['step'];

/**
 * Connects step by step, to every endpoint at once: names, ports, TLS, version, sign-in,
 * members. Each step says what failed where and what to do. Changes nothing anywhere and
 * answers within seconds, whatever the other side does. Never rejects.
 */
export async function testConnection(
  draft: Omit<ProfileDraft, 'secret'>,
  secret: string | null,
): Promise<ConnectionReport> {
  const startedMs = performance.now();
  let connection: Connection;
  try {
    connection = await connectionOf(draft, secret);
  } catch (error) {
    const { message, hint } = toApiError(error);
    const step: ConnectionStep = {
      step: 'connect',
      state: 'failed',
      words: 'not tried',
      tookMs: 0,
      problems: [{ endpoint: null, message, hint }],
    };
    return { kind: null, clusterId: null, usable: false, steps: [step], endpoints: [], tookMs: 0 };
  }
  const tested = connection.endpoints.map((url, i): Tested => ({
    endpoint: draft.endpoints[i] ?? url,
    address: url.replace(/^https?:\/\//, ''),
    problem: null,
    answer: null,
    tookMs: 0,
  }));
  const steps: ConnectionStep[] = [];
  const { tls } = connection;
  steps.push(await runStep('resolve', tested, ({ address }) => probeName(splitAddress(address).host)));
  steps.push(await runStep('connect', tested, ({ address }) => probePort(address)));
  steps.push(
    tls === undefined
      ? skipped('tls', 'not used')
      : await runStep('tls', tested, ({ address }) => probeTls(address, tls)),
  );
  if (tls?.skipVerify === true) steps[2]!.words += ', certificates not verified';
  const askedMs = performance.now();
  await Promise.all(
    reached(tested).map(async (one) => {
      const begunMs = performance.now();
      one.answer = await askEndpoint(one.address, connection, draft.kind);
      one.tookMs = performance.now() - begunMs;
      one.problem = one.answer.problem;
    }),
  );
  const tookMs = performance.now() - askedMs;
  steps.push(...answersAsSteps(tested, connection, tookMs));
  const good = reached(tested);
  return {
    kind: good[0]?.answer?.kind ?? null,
    clusterId: good[0]?.answer?.clusterId ?? null,
    usable: good.length > 0,
    steps,
    endpoints: tested.map(({ endpoint, problem, answer, tookMs: ms }) => ({
      endpoint,
      ok: problem === null,
      words: problem === null ? `${answer?.words ?? 'answers'}, ${Math.round(ms)} ms` : problem.message,
    })),
    tookMs: performance.now() - startedMs,
  };
}

function reached(tested: readonly Tested[]): Tested[] {
  return tested.filter((one) => one.problem === null);
}

async function runStep(
  step: StepName,
  tested: readonly Tested[],
  probe: (one: Tested) => Promise<Problem | null>,
): Promise<ConnectionStep> {
  const asked = reached(tested);
  if (asked.length === 0) return skipped(step, 'not reached');
  const startedMs = performance.now();
  await Promise.all(
    asked.map(async (one) => {
      one.problem = await probe(one);
    }),
  );
  return result(step, asked, performance.now() - startedMs);
}

function result(step: StepName, asked: readonly Tested[], tookMs: number, words?: string): ConnectionStep {
  const failed = asked.filter((one) => one.problem !== null);
  return {
    step,
    state: failed.length === 0 ? 'ok' : failed.length === asked.length ? 'failed' : 'partial',
    words: words ?? `${asked.length - failed.length} of ${asked.length}`,
    tookMs,
    problems: failed.map(({ endpoint, problem }) => ({ endpoint, message: problem!.message, hint: problem!.hint })),
  };
}

function skipped(step: StepName, words: string): ConnectionStep {
  return { step, state: 'skipped', words, tookMs: 0, problems: [] };
}

/** What the endpoints said, told step by step: whoever failed at one is not asked in the next. */
function answersAsSteps(tested: readonly Tested[], connection: Connection, tookMs: number): ConnectionStep[] {
  const asked = tested.filter((one) => one.answer !== null);
  if (asked.length === 0) {
    return (['version', 'authenticate', 'members'] as const).map((name) => skipped(name, 'not reached'));
  }
  const failedAt = (step: StepName) => (one: Tested) => one.answer!.failedAt === step;
  const step = (
    name: StepName,
    among: readonly Tested[],
    words: (good: readonly Tested[]) => string,
  ): ConnectionStep => {
    if (among.length === 0) return skipped(name, 'not reached');
    const failed = among.filter(failedAt(name));
    const good = among.filter((one) => !failed.includes(one));
    const asFailed = among.map((one) => (failed.includes(one) ? one : { ...one, problem: null }));
    return result(name, asFailed, tookMs, good.length === 0 ? `0 of ${among.length}` : words(good));
  };
  const version = step('version', asked, (good) => {
    const versions = new Set(good.map((one) => one.answer!.version));
    return `${kindName(good[0]!.answer!.kind)} ${[...versions].join(', ')}`.trim();
  });
  const spoke = asked.filter((one) => !failedAt('version')(one));
  const authenticate = step('authenticate', spoke, () => signedInWords(connection));
  const signedIn = spoke.filter((one) => !failedAt('authenticate')(one));
  oneCluster(signedIn);
  const members = step('members', signedIn, (good) => good[0]!.answer!.memberWords);
  return [version, authenticate, members];
}

/** All endpoints must be of one cluster: that of the first. */
function oneCluster(signedIn: readonly Tested[]): void {
  const first = signedIn.find((one) => one.answer!.clusterId !== null);
  for (const one of signedIn) {
    if (one.problem !== null || first === undefined || one.answer!.clusterId === first.answer!.clusterId) continue;
    one.problem = {
      message: `${one.address} belongs to another cluster than ${first.address}.`,
      hint: 'Remove it here, and make a profile of its own for that cluster.',
    };
    one.answer = { ...one.answer!, problem: one.problem, failedAt: 'members' };
  }
}

function signedInWords(connection: Connection): string {
  if (connection.user !== undefined) return `as ${connection.user.name}`;
  if (connection.token !== undefined) return 'with a token';
  return connection.tls?.cert === undefined ? 'nothing asked for' : 'with the client certificate';
}

function kindName(kind: RemoteKind | null): string {
  return kind === 'etcd' ? 'etcd' : kind === 'prkdb' ? 'PrkDB' : '';
}
