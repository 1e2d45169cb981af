import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SubscriptionMessage } from '../../electron/contract/contract.ts';
import { atSystemLeader } from '../../engine/client/index.ts';
import { makeToken, tokenHash, tokenId } from '../../engine/config/tokens.ts';
import { BackendClient } from '../support/backend-client.ts';
import { TestAuthority } from '../support/certificates.ts';
import { eventually, freePorts, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';
import { PlainServers } from '../support/plain-server.ts';
import { profileDraft } from '../support/profile-draft.ts';
import { tempDir } from '../support/temp.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a cluster of our own nodes on other hosts', () => {
  const home = tempDir();
  let cluster: NodeCluster;
  let backend: BackendClient;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 2, tls: true });
    await Promise.all(cluster.nodes.map((node) => node.start()));
    backend = await BackendClient.open(home.path);
    const files = cluster.authority!.write('client', await cluster.authority!.issue({}));
    await backend.command('profiles.save', {
      id: null,
      draft: profileDraft({
        endpoints: [cluster.endpoints[0]!],
        tls: {
          caFile: cluster.authority!.caFile,
          certFile: files.cert,
          keyFile: files.key,
          serverName: null,
          skipVerify: false,
        },
      }),
    });
  });
  afterAll(async () => {
    await backend.close();
    await cluster.dispose();
    home.remove();
  });

  const view = () => backend.view('far');

  test('is found by one endpoint and shown in full', async () => {
    const whole = await eventually('all partitions led', async () => {
      const now = await view();
      return now.summary.state === 'running' && now;
    });
    expect(whole.summary).toMatchObject({ kind: 'prkdb', nodesUp: 3, partitionCount: 2, replicationFactor: 3 });
    expect(whole.summary.remote?.capabilities).toContain('raftState');
    expect(whole.nodes.every((node) => node.state === 'live' && node.replicas.length === 2)).toBe(true);
    expect(whole.nodes[0]!.metricsUrl).toMatch(/^http/);
  });

  test('it stands among all clusters, and its certificate that ends soon is told', async () => {
    const fleets: SubscriptionMessage<'fleet'>[] = [];
    const alerts: string[] = [];
    const ends = [
      backend.subscribe('fleet', {}, (fleet) => fleets.push(fleet)),
      backend.subscribe('monitor.log', {}, (told) => {
        alerts.push(...told.map((one) => `${one.cluster} ${one.rule} ${one.change}, told: ${one.told}`));
      }),
    ];
    const row = await eventually('its certificate', async () => {
      const last = fleets.at(-1)?.rows.find(({ cluster: name }) => name === 'far');
      return last !== undefined && last.certificate !== null && last.leaders.length > 0 && last;
    });
    expect(row).toMatchObject({ health: { tone: 'ok' }, leaderless: 0, elections: { isInferred: false } });
    expect(row.latency).not.toBeNull();
    expect(row.disk!.usedBytes).toBeGreaterThan(0);
    // Those of the test last ten days.
    await eventually('the alert', async () => alerts.includes('far certificate fired, told: yes'));
    const settings = await backend.query('monitor.settings', {});
    settings.rules.certificate.threshold = 1;
    await backend.command('monitor.configure', settings);
    await eventually('its end', async () => alerts.includes('far certificate cleared, told: yes'));
    expect((await backend.query('monitor.settings', {})).rules.certificate.threshold).toBe(1);
    for (const end of ends) end();
  });

  test('the wrong authority is named at the step that fails', async () => {
    const [profile] = (await backend.query('profiles.list', {})).profiles;
    const { id, hasSecret: _hasSecret, ...fields } = profile!;
    const wrong = await TestAuthority.create(home.path, 'wrong');
    const draft = { ...fields, secret: null, tls: { ...fields.tls!, caFile: wrong.caFile } };
    const { usable, steps } = await backend.query('profiles.test', { id, draft });
    expect(usable).toBe(false);
    expect(steps.find(({ problems }) => problems.length > 0)).toMatchObject({
      step: 'tls',
      problems: [{ message: expect.stringMatching(/is of an authority that is not trusted here/) as string }],
    });
  });

  test('its keys are listed and written, its partitions shown from the inside', async () => {
    const key = base64('user/1');
    const saved = await backend.command('keys.put', { cluster: 'far', key, value: base64('a'), expectedRevision: 0 });
    expect(saved.outcome).toBe('saved');
    const scan = { cluster: 'far', prefix: base64('user/'), after: '', limit: 10, readMode: 'linearizable' as const };
    expect((await backend.query('keys.scan', scan)).keys.map((meta) => meta.key)).toEqual([key]);
    const seen: SubscriptionMessage<'partition.live'>[] = [];
    const stop = backend.subscribe('partition.live', { cluster: 'far', partition: 0 }, (message) => seen.push(message));
    await eventually('the logs of three replicas', async () => {
      const last = seen.at(-1);
      return last !== undefined && last.replicas.filter((replica) => replica.word !== null).length === 3;
    });
    stop();
  });

  test('its keys are watched, go when they shall, and keep their history', async () => {
    const told: string[] = [];
    const stop = backend.subscribe('keys.watch', { cluster: 'far', prefix: base64('watched/') }, ({ changes }) => {
      told.push(...changes.map(({ key }) => Buffer.from(key, 'base64').toString()));
    });
    const key = base64('watched/a');
    const put = { cluster: 'far', key, value: base64('1'), expectedRevision: null };
    await eventually('a change', async () => {
      await backend.command('keys.put', { ...put, ttlMs: 3_600_000 });
      return told.includes('watched/a');
    });
    stop();
    const { entry } = await backend.query('keys.get', { cluster: 'far', key, readMode: 'linearizable' });
    expect(entry!.expiresAtMs).toBeGreaterThan(Date.now());
    const { versions } = await backend.query('keys.history', { cluster: 'far', key, limit: 10 });
    expect(versions[0]).toMatchObject({ kind: 'put', value: base64('1') });
  });

  test('a leader is moved to another node, and a node hands over all that it leads', async () => {
    const before = await view();
    expect(before.summary.remote?.capabilities).toContain('moveLeaders');
    const { leader } = before.partitions[0]!;
    const to = before.nodes.find((node) => node.id !== leader)!.id;
    await backend.command('partition.transfer', { cluster: 'far', partition: 0, to });
    await eventually('it leads', async () => (await view()).partitions[0]!.leader === to);
    expect(await backend.refusal('partition.transfer', { cluster: 'far', partition: 0, to })).toMatchObject({
      message: `n${to} leads p0 already.`,
    });
    await backend.command('node.handOver', { cluster: 'far', node: to });
    await eventually('it leads nothing', async () => {
      const now = await view();
      return now.partitions.every((one) => one.leader !== 0 && one.leader !== to);
    });
  });

  test('the loss of a leader is told by the events of the others', async () => {
    const before = await view();
    const lost = before.partitions[0]!;
    await cluster.nodes[lost.leader - 1]!.kill();
    const after = await eventually('another leader', async () => {
      const now = await view();
      const [partition] = now.partitions;
      return partition!.leader !== 0 && partition!.leader !== lost.leader && now;
    });
    expect(after.partitions[0]!.term).toBeGreaterThan(lost.term);
    await eventually('it is shown as not answering', async () => {
      const now = await view();
      return now.nodes.find((node) => node.id === lost.leader)?.state === 'suspect' && now.summary.state === 'degraded';
    });
    await eventually('the feed tells the election', async () => {
      const told = await backend.sentences('far');
      return told.some((sentence) => /wins election for p0|leads p0|elected/.test(sentence)) && told;
    });
  });

  test('what happened inside its partitions is recorded here, and outlives the app', async () => {
    await backend.close();
    const closedMs = Date.now();
    backend = await BackendClient.open(home.path);
    const segments = await backend.query('raft.segments', { cluster: 'far' });
    const kinds: string[] = [];
    for (const { id: segment } of segments) {
      for (let after = 0, isEnd = false; !isEnd;) {
        const page = await backend.query('raft.records', { cluster: 'far', partition: 0, segment, after });
        kinds.push(...page.records.map((record) => (record.kind === 'event' ? record.event.kind : record.kind)));
        ({ after, isEnd } = page);
      }
    }
    expect(kinds).toContain('electionWon');
    expect(kinds).toContain('word');
    const range = { cluster: 'far', fromMs: 0, toMs: closedMs, maxPoints: 5_000 };
    const past = await backend.query('cluster.history', range);
    expect(new Set(past.map((sample) => sample.leaders[0])).size).toBeGreaterThan(1);
    await eventually('it is watched again', async () => (await view()).summary.nodesUp === 2);
  });

  test('gone altogether it is unreachable, with the reason, and heals by itself', async () => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const gone = await eventually('unreachable', async () => {
      const { summary } = await view();
      return summary.state === 'unreachable' && summary.remote!.problem !== null && summary;
    });
    expect(gone.remote!.heardAtMs).not.toBeNull();
    expect(gone.remote!.problem!.message).toMatch(/connection refused/);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await eventually('running again', async () => (await view()).summary.state === 'running');
  });

  test('once it asks for a token, the connection test says so, and the profile with one gets in', async () => {
    const token = makeToken();
    const tls = await cluster.authority!.client();
    await atSystemLeader(cluster.endpoints, { tls }, 15_000, (client) =>
      client.createToken({ id: tokenId(token)!, sha256: tokenHash(token), name: 'app', right: 'admin', ttlMs: 0 }),
    );
    const [profile] = (await backend.query('profiles.list', {})).profiles;
    const { id, hasSecret: _hasSecret, ...fields } = profile!;
    const without = { ...fields, secret: null };
    const report = await eventually('the token is asked for', async () => {
      const tried = await backend.query('profiles.test', { id, draft: without });
      return !tried.usable && tried;
    });
    expect(report.steps.find(({ problems }) => problems.length > 0)?.step).toBe('authenticate');
    const draft = { ...without, kind: null, auth: 'token' as const, secret: token };
    expect(await backend.query('profiles.test', { id, draft })).toMatchObject({ usable: true, kind: 'prkdb' });
    await backend.command('profiles.save', { id, draft });
    await eventually('running with the token', async () => (await view()).summary.state === 'running');
    const read = { cluster: 'far', key: base64('user/1'), readMode: 'linearizable' as const };
    expect((await backend.query('keys.get', read)).entry?.value).toBe(base64('a'));
  });
});

describe('the original server, which speaks PrkDbService alone', () => {
  const home = tempDir();
  let servers: PlainServers;
  let backend: BackendClient;

  beforeAll(async () => {
    servers = await PlainServers.start(3);
    backend = await BackendClient.open(home.path);
    const { endpoints, metricsUrls } = servers;
    await backend.command('profiles.save', { id: null, draft: profileDraft({ endpoints, metricsUrls }) });
  });
  afterAll(async () => {
    await backend.close();
    await servers.stop();
    home.remove();
  });

  test('shows leaders from Metadata and terms from its metrics', async () => {
    const view = await eventually('terms', async () => {
      const now = await backend.view('far');
      return now.summary.state === 'running' && now.partitions.every((one) => one.term === 3) && now;
    });
    expect(view.summary).toMatchObject({ kind: 'prkdb', nodeCount: 3, remote: { capabilities: [] } });
    expect(view.partitions[0]).toMatchObject({ leader: 1, hasQuorum: true, commitIndex: 40 });
    expect(view.summary.remote?.endpointProblems).toEqual([]);
    expect(view.nodes[0]!.raftCounters).toEqual({ electionsWon: 2, heartbeatsFailed: 6, snapshotIndex: 40 });
    expect(view.nodes[1]!.raftCounters?.electionsWon).toBe(0);
  });

  test('reads the names of the guide too, and the leader from them where Metadata names none', async () => {
    servers.names = 'guide';
    servers.namesLeaders = false;
    servers.term = 5;
    servers.leader = 3;
    const view = await eventually('the leader', async () => {
      const now = await backend.view('far');
      return now.partitions.every((one) => one.leader === 3 && one.term === 5) && now;
    });
    expect(view.nodes[2]!.replicas[0]).toMatchObject({ role: 'leader', commitIndex: 40, lastLogIndex: 42 });
    Object.assign(servers, { names: 'current', namesLeaders: true, term: 3, leader: 1 });
  });

  test('endpoints that are dead or silent are named, and the others used', async () => {
    const [dead] = await freePorts(1);
    const sockets: net.Socket[] = [];
    const silent = net.createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const endpoints = [servers.endpoints[0]!, `127.0.0.1:${dead}`, `127.0.0.1:${port}`];
    const draft = profileDraft({ name: 'mixed', kind: 'prkdb', endpoints, metricsUrls: servers.metricsUrls });
    try {
      const [report, { id }] = await Promise.all([
        backend.query('profiles.test', { id: null, draft }),
        backend.command('profiles.save', { id: null, draft }),
      ]);
      expect(report.usable).toBe(true);
      const said = report.steps.flatMap(({ problems }) => problems.map(({ message }) => message));
      expect(said).toEqual([
        `Nothing listens at 127.0.0.1:${dead}: the connection was refused.`,
        `127.0.0.1:${port} accepts connections and never answers.`,
      ]);
      const { summary } = await eventually('two notes', async () => {
        const now = await backend.view('mixed');
        return now.summary.nodesUp === 3 && now.summary.remote!.endpointProblems.length === 2 && now;
      });
      expect(summary.remote!.endpointProblems).toEqual([
        {
          address: `127.0.0.1:${dead}`,
          message: `127.0.0.1:${dead} cannot be reached: connection refused.`,
          hint: 'Check that it runs.',
        },
        {
          address: `127.0.0.1:${port}`,
          message: `127.0.0.1:${port} does not answer.`,
          hint: 'The node hangs, or something else listens there.',
        },
      ]);
      await backend.command('profiles.remove', { id });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test('an endpoint of another cluster is named, whichever answers first', async () => {
    const two = await Promise.all([PlainServers.start(1), PlainServers.start(1)]);
    two.forEach((one, i) => (one.clusterId = `cluster-${i}`));
    const endpoints = two.flatMap((one) => one.endpoints);
    const draft = profileDraft({ name: 'twins', kind: 'prkdb', endpoints });
    const { id } = await backend.command('profiles.save', { id: null, draft });
    const { nodes } = await eventually('the note', async () => {
      const now = await backend.view('twins');
      const notes = now.summary.remote!.endpointProblems.map(({ message }) => message);
      return notes.some((message) => message.endsWith('belongs to another PrkDB cluster.')) && now;
    });
    expect(nodes).toHaveLength(1);
    await backend.command('profiles.remove', { id });
    await Promise.all(two.map((one) => one.stop()));
  });

  test('metrics of another node are not taken for those of this one', async () => {
    const { endpoints, metricsUrls } = servers;
    const swapped = [metricsUrls[1]!, metricsUrls[0]!, metricsUrls[2]!];
    const { id } = await backend.command('profiles.save', {
      id: null,
      draft: profileDraft({ name: 'swapped', endpoints, metricsUrls: swapped }),
    });
    const { summary } = await eventually('two notes', async () => {
      const now = await backend.view('swapped');
      return now.summary.remote!.endpointProblems.length === 2 && now;
    });
    expect(summary.remote!.endpointProblems[0]).toMatchObject({
      message: 'n1 shows no terms and indexes: it shows those of n2.',
      hint: 'Give the metrics addresses in the profile, in the order of the nodes.',
    });
    await backend.command('profiles.remove', { id });
  });

  test('says what it misses without metrics', async () => {
    const { id } = await backend.command('profiles.save', {
      id: null,
      draft: profileDraft({ name: 'blind', endpoints: servers.endpoints }),
    });
    const { summary } = await eventually('three notes', async () => {
      const now = await backend.view('blind');
      return now.summary.remote!.endpointProblems.length === 3 && now;
    });
    expect(summary.remote!.endpointProblems[0]!.message).toMatch(/^n1 shows no terms and indexes: /);
    await backend.command('profiles.remove', { id });
  });

  test('another leader is told as inferred', async () => {
    servers.leader = 2;
    servers.term = 6;
    const sentence = 'n2 leads for p0 in term 6 (inferred).';
    const told = await eventually('the sentence', async () => {
      const sentences = await backend.sentences('far');
      return sentences.includes(sentence) && sentences;
    });
    expect(told).toContain(sentence);
  });

  test('keys are read and written whole, and what is not there is said', async () => {
    const key = base64('a');
    const put = (value: string, expectedRevision: number | null) =>
      backend.command('keys.put', { cluster: 'far', key, value: base64(value), expectedRevision });
    const first = await put('1', 0);
    if (first.outcome !== 'saved') throw new Error('not saved');
    expect(await put('2', 0)).toMatchObject({ outcome: 'conflict', current: { value: base64('1') } });
    expect((await put('2', first.entry.revision)).outcome).toBe('saved');
    const scan = { cluster: 'far', prefix: '', after: '', limit: 10, readMode: 'stale' as const };
    await expect(backend.query('keys.scan', scan)).rejects.toMatchObject({ api: { code: 'refused' } });
    const deleted = await backend.command('keys.delete', { cluster: 'far', key, expectedRevision: null });
    expect(deleted).toEqual({ outcome: 'deleted', found: true });
  });

  test('a node that is gone is named with the reason', async () => {
    await servers.stopNode(3);
    await eventually('the sentence', async () => {
      const told = await backend.sentences('far');
      return told.some((sentence) => sentence === 'n3 does not answer: connection refused.');
    });
    expect((await backend.view('far')).summary).toMatchObject({ state: 'degraded', nodesUp: 2 });
  });
});
