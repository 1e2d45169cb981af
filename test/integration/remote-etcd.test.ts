import { readdirSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProfileDraft } from '../../electron/contract/remote.ts';
import { EtcdClient } from '../../engine/etcd/index.ts';
import { BackendClient } from '../support/backend-client.ts';
import { TestAuthority } from '../support/certificates.ts';
import { EtcdCluster, noEtcd } from '../support/etcd-cluster.ts';
import { eventually, freePorts } from '../support/node-cluster.ts';
import { profileDraft } from '../support/profile-draft.ts';
import { tempDir } from '../support/temp.ts';

const PASSWORD = 'correct horse battery staple';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const draft = (fields: Partial<ProfileDraft>) => profileDraft({ name: 'k8s', ...fields });

const withCa = (caFile: string | null, more: Partial<NonNullable<ProfileDraft['tls']>> = {}) => ({
  tls: { caFile, certFile: null, keyFile: null, serverName: null, skipVerify: false, ...more },
});

/** Files of the home that hold a text. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = path.join(directory, name);
    return statSync(file).isFile() && readFileSync(file).includes(text);
  });
}

describe.skipIf(noEtcd)('an etcd cluster through the contract', () => {
  const home = tempDir();
  let etcd: EtcdCluster;
  let backend: BackendClient;

  beforeAll(async () => {
    etcd = await EtcdCluster.start();
    backend = await BackendClient.open(home.path);
  });
  afterAll(async () => {
    await backend.close();
    await etcd.stop();
    home.remove();
  });

  test('a profile with one endpoint shows all members', async () => {
    const saved = await backend.command('profiles.save', {
      id: null,
      draft: draft({ endpoints: [etcd.endpoints[0]!] }),
    });
    expect(saved).toMatchObject({ name: 'k8s', kind: 'etcd', hasSecret: false });
    const view = await eventually('all members live', async () => {
      const now = await backend.view('k8s');
      return now.nodes.length === 3 && now.nodes.every((node) => node.state === 'live') && now;
    });
    expect(view.summary).toMatchObject({ kind: 'etcd', state: 'running', nodesUp: 3, owner: 'none' });
    expect(view.nodes.map((node) => node.name)).toEqual(['m1', 'm2', 'm3']);
    expect(view.nodes.flatMap((node) => node.replicas).filter((replica) => replica.role === 'leader')).toHaveLength(1);
    expect(view.partitions).toMatchObject([{ hasQuorum: true, replicasDown: 0 }]);
    expect(view.etcd?.members[0]).toMatchObject({ version: expect.stringMatching(/^3\./) as string, problem: null });
    await eventually('figures of /metrics', async () => {
      const { etcd: facts } = await backend.view('k8s');
      return (facts?.members[0]?.metrics?.walFsyncMeanMs ?? null) !== null;
    });
  });

  test('keys are browsed, edited by compare-and-swap, and have a history', async () => {
    const key = base64('config/a');
    const first = await backend.command('keys.put', { cluster: 'k8s', key, value: base64('1'), expectedRevision: 0 });
    if (first.outcome !== 'saved') throw new Error('not saved');
    const second = await backend.command('keys.put', {
      cluster: 'k8s',
      key,
      value: base64('2'),
      expectedRevision: first.entry.revision,
    });
    expect(second).toMatchObject({ outcome: 'saved', entry: { version: 2 } });
    const late = { cluster: 'k8s', key, value: base64('3'), expectedRevision: first.entry.revision };
    expect(await backend.command('keys.put', late)).toMatchObject({
      outcome: 'conflict',
      current: { value: base64('2') },
    });
    for (const name of ['config/b', 'config/c']) {
      await backend.command('keys.put', { cluster: 'k8s', key: base64(name), value: '', expectedRevision: null });
    }
    const scan = { cluster: 'k8s', prefix: base64('config/'), limit: 2, readMode: 'linearizable' as const };
    const page = await backend.query('keys.scan', { ...scan, after: '' });
    expect(page.keys.map((meta) => meta.key)).toEqual([key, base64('config/b')]);
    const rest = await backend.query('keys.scan', { ...scan, readMode: 'stale', after: page.next! });
    expect(rest).toMatchObject({ keys: [{ key: base64('config/c') }], next: null });
    expect(await backend.query('keys.history', { cluster: 'k8s', key, limit: 10 })).toMatchObject({
      versions: [{ value: base64('2') }, { value: base64('1') }],
      isCut: false,
    });
    expect(await backend.query('keys.lease', { cluster: 'k8s', key })).toBeNull();
  });

  test('changes of keys are told as they happen, and a key goes with its lease', async () => {
    const told: string[] = [];
    const stop = backend.subscribe('keys.watch', { cluster: 'k8s', prefix: base64('watched/') }, ({ changes }) => {
      for (const { key, meta } of changes) {
        told.push(`${Buffer.from(key, 'base64').toString()} ${meta === null ? 'gone' : meta.version}`);
      }
    });
    const key = base64('watched/a');
    const put = { cluster: 'k8s', key, value: base64('1'), expectedRevision: null };
    // Until the first change is told, nobody knows that the watch has begun.
    await eventually('the first change', async () => {
      await backend.command('keys.put', put);
      return told.length > 0;
    });
    const leased = base64('watched/leased');
    await backend.command('keys.put', { ...put, key: leased, expectedRevision: 0, ttlMs: 60_000 });
    const lease = await backend.query('keys.lease', { cluster: 'k8s', key: leased });
    expect(lease?.grantedTtlSeconds).toBe(60);
    // Editing it leaves the lease as it is.
    await backend.command('keys.put', { ...put, key: leased });
    expect((await backend.query('keys.lease', { cluster: 'k8s', key: leased }))?.id).toBe(lease!.id);
    await backend.command('keys.delete', { cluster: 'k8s', key: leased, expectedRevision: null });
    await eventually('its end', async () => told.includes('watched/leased gone'));
    stop();
  });

  test('10,000 keys under one prefix and a value of 1.4 MB travel whole', async () => {
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    const name = (i: number): Buffer => Buffer.from(`many/${String(i).padStart(5, '0')}`);
    for (let first = 0; first < 10_000; first += 100) {
      const puts = Array.from({ length: 100 }, (_, i) => ({ requestPut: { key: name(first + i), value: name(i) } }));
      await client.call('KV', 'Txn', { success: puts }, { writes: true });
    }
    client.close();
    let seen = 0;
    for (let after: string | null = ''; after !== null;) {
      const scan = { cluster: 'k8s', prefix: base64('many/'), after, limit: 1_000, readMode: 'linearizable' as const };
      const page: { keys: readonly unknown[]; next: string | null } = await backend.query('keys.scan', scan);
      seen += page.keys.length;
      after = page.next;
    }
    expect(seen).toBe(10_000);
    const level = { cluster: 'k8s', prefix: '', separator: '/', after: '', readMode: 'stale' as const };
    const { folders } = await backend.query('keys.tree', level);
    expect(folders.find(({ prefix }) => prefix === base64('many/'))?.count).toBe(10_000);
    const value = Buffer.alloc(1_400_000, 7).toString('base64');
    const large = { cluster: 'k8s', key: base64('large') };
    await backend.command('keys.put', { ...large, value, expectedRevision: null });
    const { entry } = await backend.query('keys.get', { ...large, readMode: 'linearizable' });
    expect(entry?.value === value).toBe(true);
    const tooLarge = Buffer.alloc(2_000_000).toString('base64');
    expect(await backend.refusal('keys.put', { ...large, value: tooLarge, expectedRevision: null })).toMatchObject({
      message: expect.stringMatching(/more than etcd takes in one request/) as string,
    });
  });

  test('the loss of the leader is seen with the new one and its term', async () => {
    const before = await backend.view('k8s');
    const leader = before.nodes.find((node) => node.id === before.partitions[0]!.leader)!;
    await etcd.kill(leader.name);
    const after = await eventually('another leader', async () => {
      const now = await backend.view('k8s');
      const [partition] = now.partitions;
      return (
        partition!.leader !== 0 &&
        partition!.leader !== leader.id &&
        partition!.term > before.partitions[0]!.term &&
        now
      );
    });
    expect(after.summary.state).toBe('degraded');
    const name = after.nodes.find((node) => node.id === after.partitions[0]!.leader)!.name;
    const told = await eventually('the feed tells it', async () => {
      const sentences = await backend.sentences('k8s');
      const elected = sentences.find((sentence) => sentence.startsWith(`${name} leads in term`));
      return (
        elected !== undefined && sentences.some((s) => s.startsWith(`${leader.name} does not answer`)) && sentences
      );
    });
    expect(told.join('\n')).toContain(`in term ${after.partitions[0]!.term}.`);
    etcd.startMember(leader.name);
    await eventually('it is back', async () => (await backend.view('k8s')).summary.state === 'running');
  });

  test('it is found again by its other members when the app starts anew and the endpoint is down', async () => {
    await etcd.kill('m1');
    await backend.close();
    const closedMs = Date.now();
    backend = await BackendClient.open(home.path);
    const past = await backend.query('cluster.history', {
      cluster: 'k8s',
      fromMs: 0,
      toMs: closedMs,
      maxPoints: 5_000,
    });
    expect(new Set(past.flatMap((sample) => sample.leaders)).size).toBeGreaterThan(1);
    const view = await eventually('the other two', async () => {
      const now = await backend.view('k8s');
      return now.summary.nodesUp === 2 && now.partitions[0]!.leader !== 0 && now;
    });
    expect(view.nodes.map((node) => `${node.name} ${node.state}`)).toEqual(['m1 suspect', 'm2 live', 'm3 live']);
    etcd.startMember('m1');
    await eventually('it is back', async () => (await backend.view('k8s')).summary.state === 'running');
  });

  test('leadership moves by hand, and a snapshot lands in the app’s folder', async () => {
    const view = await backend.view('k8s');
    const target = view.nodes.find((node) => node.id !== view.partitions[0]!.leader)!;
    const change = { action: 'moveLeader' as const, node: target.id };
    const { words } = await backend.command('etcd.act', { cluster: 'k8s', change });
    expect(words).toBe(`${target.name} leads now.`);
    await eventually('it is shown', async () => (await backend.view('k8s')).partitions[0]!.leader === target.id);
    const snapshot = await backend.command('etcd.act', { cluster: 'k8s', change: { action: 'snapshot' } });
    const file = /checked: (.*)$/.exec(snapshot.words)![1]!;
    expect(file.startsWith(home.path)).toBe(true);
    expect(statSync(file).size).toBeGreaterThan(10_000);
  });

  test('what it cannot do it says', async () => {
    expect(await backend.refusal('node.kill', { cluster: 'k8s', node: 1 })).toMatchObject({ code: 'refused' });
    expect(await backend.refusal('cluster.remove', { cluster: 'k8s' })).toMatchObject({ hint: 'Delete its profile.' });
  });

  test('a read-only profile refuses every change, and a production one until its name is typed', async () => {
    const [profile] = (await backend.query('profiles.list', {})).profiles;
    const { id, hasSecret: _, ...fields } = profile!;
    const put = { cluster: 'k8s', key: base64('x'), value: base64('1'), expectedRevision: null };
    await backend.command('profiles.save', { id, draft: { ...fields, secret: null, readOnly: true } });
    expect(await backend.refusal('keys.put', put)).toMatchObject({
      code: 'readOnly',
      hint: expect.any(String) as string,
    });
    const { value: _value, ...gone } = put;
    expect(await backend.refusal('keys.delete', gone)).toMatchObject({ code: 'readOnly' });
    expect(await backend.refusal('etcd.act', { cluster: 'k8s', change: { action: 'snapshot' } })).toMatchObject({
      code: 'readOnly',
    });
    await backend.command('profiles.save', { id, draft: { ...fields, secret: null, environment: 'production' } });
    expect((await backend.refusal('keys.put', put)).message).toMatch(/production/);
    expect(await backend.refusal('cluster.allowWrites', { cluster: 'k8s', typedName: 'k9s' })).toMatchObject({
      code: 'invalidInput',
    });
    await backend.command('cluster.allowWrites', { cluster: 'k8s', typedName: 'k8s' });
    expect(await eventually('a write', () => backend.command('keys.put', put))).toMatchObject({ outcome: 'saved' });
    expect((await backend.view('k8s')).summary.remote?.writesLocked).toBe(false);
    await backend.command('profiles.remove', { id });
    await expect(backend.view('k8s')).rejects.toMatchObject({ api: { code: 'notFound' } });
  });
});

describe.skipIf(noEtcd)('what stands in the way is told', () => {
  const home = tempDir();
  let etcd: EtcdCluster;
  let other: EtcdCluster;
  let backend: BackendClient;

  const test1 = (fields: Partial<ProfileDraft>) =>
    backend.query('profiles.test', { id: null, draft: draft({ endpoints: [etcd.endpoints[0]!], ...fields }) });
  /** The step that failed, and what it says. */
  const failure = async (fields: Partial<ProfileDraft>) => {
    const report = await test1(fields);
    const step = report.steps.find(({ problems }) => problems.length > 0)!;
    return { usable: report.usable, step: step.step, state: step.state, ...step.problems[0]! };
  };
  const signIn = { auth: 'password' as const, user: 'root', secret: PASSWORD };

  beforeAll(async () => {
    [etcd, other] = await Promise.all([
      EtcdCluster.start({ members: 1, tls: true }),
      EtcdCluster.start({ members: 1, tls: true }),
    ]);
    await etcd.enableAuth(PASSWORD);
    backend = await BackendClient.open(home.path);
  });
  afterAll(async () => {
    await backend.close();
    await Promise.all([etcd.stop(), other.stop()]);
    home.remove();
  });

  test('all steps pass with the right CA, user and password, and the password is only in the secret store', async () => {
    const fields = { ...withCa(etcd.authority!.caFile), ...signIn };
    const report = await test1(fields);
    expect(report).toMatchObject({ kind: 'etcd', usable: true });
    const steps = report.steps.map(({ step, state }) => `${step} ${state}`);
    expect(steps).toEqual(['resolve ok', 'connect ok', 'tls ok', 'version ok', 'authenticate ok', 'members ok']);
    const saved = await backend.command('profiles.save', {
      id: null,
      draft: draft({ endpoints: etcd.endpoints, ...fields }),
    });
    expect(saved.hasSecret).toBe(true);
    expect(JSON.stringify(await backend.query('profiles.list', {}))).not.toContain(PASSWORD);
    expect(JSON.stringify(await backend.query('profiles.export', {}))).not.toContain(PASSWORD);
    expect(filesWith(home.path, PASSWORD)).toEqual([path.join('desktop', 'secrets.json')]);
    expect(statSync(path.join(home.path, 'desktop', 'secrets.json')).mode & 0o777).toBe(0o600);
    await eventually('connected', async () => (await backend.view('k8s')).summary.state === 'running');
    const access = await backend.query('etcd.access', { cluster: 'k8s' });
    expect(access.users.map((user) => user.name)).toEqual(['reader', 'root']);

    const { text } = await backend.query('profiles.export', {});
    expect(await backend.command('profiles.import', { content: text })).toEqual({ added: [], skipped: ['k8s'] });
    await backend.command('profiles.remove', { id: saved.id });
    expect(filesWith(home.path, PASSWORD)).toEqual([]);
    expect(await backend.command('profiles.import', { content: text })).toEqual({ added: ['k8s'], skipped: [] });
    const [imported] = (await backend.query('profiles.list', {})).profiles;
    expect(imported).toMatchObject({ name: 'k8s', user: 'root', hasSecret: false });
    const waiting = await eventually('it says what is missing', async () => {
      const { summary } = await backend.view('k8s');
      return summary.remote?.problem ?? null;
    });
    expect(waiting.message).toBe('The profile has no password yet.');
  });

  test('a wrong CA, an expired certificate, another name', async () => {
    const wrong = await TestAuthority.create(home.path, 'wrong');
    expect(await failure({ ...withCa(wrong.caFile), ...signIn })).toMatchObject({
      usable: false,
      step: 'tls',
      message: expect.stringMatching(/is of an authority that is not trusted here/) as string,
      hint: 'Choose the CA certificate of that cluster.',
    });
    expect(await failure({ ...withCa(etcd.authority!.caFile, { serverName: 'db.example' }), ...signIn })).toMatchObject(
      {
        step: 'tls',
        message: expect.stringMatching(
          /certificate for another name: it covers .*localhost.*, not db\.example/,
        ) as string,
      },
    );
    expect((await test1({ ...withCa(null, { skipVerify: true }), ...signIn })).usable).toBe(true);
    const expired = await EtcdCluster.start({ members: 1, tls: 'expired' });
    /** What a cluster that cannot be reached says of itself, on whatever screen. */
    const liveProblem = async (fields: Partial<ProfileDraft>) => {
      const { id } = await backend.command('profiles.save', {
        id: null,
        draft: draft({ name: 'unreached', kind: 'etcd', ...fields }),
      });
      const problem = await eventually('the reason', async () => {
        const { summary } = await backend.view('unreached');
        return summary.state === 'unreachable' && summary.remote!.problem;
      });
      await backend.command('profiles.remove', { id });
      return problem.message;
    };
    try {
      const { caFile } = expired.authority!;
      const outdated = liveProblem({ endpoints: expired.endpoints, ...withCa(caFile) });
      expect(await outdated).toMatch(/^There is no connection to .*: .*expired/);
      const foreign = liveProblem({ endpoints: etcd.endpoints, ...withCa(wrong.caFile), ...signIn });
      expect(await foreign).toMatch(/^There is no connection to .*: .*(authority|trusted)/);
      const locked = liveProblem({
        endpoints: etcd.endpoints,
        ...withCa(etcd.authority!.caFile),
        ...signIn,
        secret: 'wrong',
      });
      expect(await locked).toBe('etcd does not know this user with this password.');
      expect(await failure({ endpoints: expired.endpoints, ...withCa(expired.authority!.caFile) })).toMatchObject({
        step: 'tls',
        message: expect.stringMatching(/expired on \d{4}-\d\d-\d\d/) as string,
      });
    } finally {
      await expired.stop();
    }
  });

  test('a wrong password, no user at all, and plaintext to a TLS port', async () => {
    const tls = withCa(etcd.authority!.caFile);
    expect(await failure({ ...tls, ...signIn, secret: 'wrong' })).toMatchObject({
      step: 'authenticate',
      message: 'etcd does not know this user with this password.',
    });
    expect(await failure(tls)).toMatchObject({
      step: 'authenticate',
      message: expect.stringMatching(/asks for a user/) as string,
    });
    expect(await failure({ endpoints: [etcd.endpoints[0]!.replace('https', 'http')] })).toMatchObject({
      step: 'version',
      message: expect.stringMatching(/speaks TLS/) as string,
    });
  });

  test('a dead endpoint among good ones, and one of another cluster', async () => {
    const [dead] = await freePorts(1);
    const tls = withCa(etcd.authority!.caFile, { skipVerify: true });
    const report = await test1({
      endpoints: [...etcd.endpoints, `https://127.0.0.1:${dead}`, ...other.endpoints],
      ...tls,
    });
    expect(report.steps.find((step) => step.step === 'connect')).toMatchObject({
      state: 'partial',
      problems: [{ message: expect.stringMatching(/Nothing listens/) as string }],
    });
    const signedIn = await test1({ endpoints: [...other.endpoints, ...etcd.endpoints], ...tls, ...signIn });
    const problems = signedIn.steps.flatMap((step) => step.problems);
    expect(
      problems.some(({ message }) => /authentication is not enabled|belongs to another cluster/.test(message)),
    ).toBe(true);
    expect(signedIn.usable).toBe(true);
  });

  test('an endpoint of another cluster is never asked for anything but who it is', async () => {
    const { id } = await backend.command('profiles.save', {
      id: null,
      draft: draft({
        name: 'two',
        endpoints: [...etcd.endpoints, ...other.endpoints],
        ...withCa(null, { skipVerify: true }),
        ...signIn,
      }),
    });
    const { summary, etcd: facts } = await eventually('it is named', async () => {
      const view = await backend.view('two');
      return view.summary.state === 'running' && view.summary.remote!.endpointProblems.length > 0 && view;
    });
    expect(summary.remote!.endpointProblems[0]!.message).toMatch(/belongs to another etcd cluster/);
    expect(facts!.members).toHaveLength(1);
    await backend.command('profiles.remove', { id });
  });

  test('one that accepts and never answers, with and without TLS', async () => {
    const sockets: net.Socket[] = [];
    const silent = net.createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(silent.address() as net.AddressInfo).port}`;
    try {
      const [secure, plain] = await Promise.all([
        failure({ endpoints: [`https://${address}`] }),
        failure({ endpoints: [`http://${address}`] }),
      ]);
      const message = `${address} accepts connections and never answers.`;
      expect(secure).toMatchObject({ usable: false, step: 'tls', message });
      expect(plain).toMatchObject({ usable: false, step: 'version', message });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test('a name that nobody knows', async () => {
    expect(await failure({ endpoints: ['https://etcd.invalid:2379'] })).toMatchObject({
      step: 'resolve',
      message: 'The name etcd.invalid is not known here.',
    });
  });
});
