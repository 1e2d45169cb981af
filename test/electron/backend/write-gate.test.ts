import { describe, expect, it } from 'vitest';
import { contract } from '../../../electron/contract/contract.ts';
import { guarded } from '../../../electron/backend/handlers/guarded.ts';
import { WriteGate } from '../../../electron/backend/remote/write-gate.ts';
import type { Handlers } from '../../../electron/backend/router.ts';

const names = Object.keys(contract.commands) as (keyof typeof contract.commands)[];
const onClusters = names.filter((name) => 'cluster' in contract.commands[name].input.shape);

function commands(gate: WriteGate, ran: string[]) {
  const all = Object.fromEntries(names.map((name) => [name, () => ran.push(name)]));
  const handlers = guarded(() => gate, all as unknown as Handlers['commands']);
  return handlers as unknown as Record<string, (input: object) => unknown>;
}

describe('the gate before commands', () => {
  it('lets nothing through to a read-only cluster but what changes nothing there', () => {
    const ran: string[] = [];
    const gate = new WriteGate({ name: 'a', readOnly: true, isProduction: false }, () => 0);
    const handlers = commands(gate, ran);
    expect(onClusters.length).toBeGreaterThan(15);
    const refused = onClusters.filter((name) => {
      try {
        handlers[name]!({ cluster: 'a' });
        return false;
      } catch (error) {
        return (error as { code: string }).code === 'readOnly';
      }
    });
    expect(refused).toHaveLength(onClusters.length - ran.length);
    expect(ran.sort()).toEqual(['cluster.allowWrites', 'cluster.reconnect', 'drills.cancel', 'load.stop']);
  });

  it('opens for a production cluster when its name is typed, for a while', () => {
    let nowMs = 0;
    const gate = new WriteGate({ name: 'payments', readOnly: false, isProduction: true }, () => nowMs);
    expect(() => gate.check()).toThrow(/production/);
    expect(() => gate.unlock('payment')).toThrow(/not the name/);
    gate.unlock('payments');
    gate.check();
    nowMs = 11 * 60_000;
    expect(() => gate.check()).toThrow(/production/);
  });

  it('does not open a read-only one by its name', () => {
    const gate = new WriteGate({ name: 'a', readOnly: true, isProduction: true }, () => 0);
    expect(() => gate.unlock('a')).toThrow(/read-only/);
  });
});
