import { describe, expect, it } from 'vitest';
import { boundsOf, problemOf, readForm, writeForm } from '../../../renderer/features/drills/drill-form.ts';
import { reportPath } from '../../../renderer/features/drills/drill-route.ts';

const read = (search: string, partitions = 8) => readForm(new URLSearchParams(search), partitions);

describe('the form of a drill', () => {
  it('suits the cluster when the address says nothing', () => {
    expect(read('')).toEqual({
      scenario: 'kill-leader',
      clients: 16,
      readPercent: 50,
      keyCount: 80,
      faultSeconds: 5,
    });
    expect(read('', 64)).toMatchObject({ clients: 128, keyCount: 640 });
  });

  it('is what the address says, and goes there and back', () => {
    const form = {
      scenario: 'cut-majority',
      clients: 9,
      readPercent: 95,
      keyCount: 32,
      faultSeconds: 6,
    } as const;
    const written = writeForm(new URLSearchParams('dialog=settings'), form);
    expect(written.get('dialog')).toBe('settings');
    expect(read(written.toString())).toEqual(form);
  });

  it('keeps a number that is out of bounds, and says so', () => {
    const { clients } = boundsOf(8, 'kill-leader');
    expect(read('clients=3').clients).toBe(3);
    expect(problemOf(3, clients)).toBe('Use 8 to 1,024.');
    expect(problemOf(8, clients)).toBeUndefined();
    expect(problemOf(1025, clients)).toBeDefined();
    expect(boundsOf(8, 'cut-majority').faultSeconds.min).toBe(4);
  });

  it.each(['clients=many', 'clients=-4', 'clients=1e3', 'clients=', 'scenario=unplug'])(
    'does not trust %s',
    (search) => {
      expect(read(search)).toEqual(read(''));
    },
  );
});

describe('addresses', () => {
  it('name a cluster, a report and another', () => {
    expect(reportPath('dev-3', '2026-a')).toBe('/c/dev-3/drills/2026-a');
    expect(reportPath(null, '2026-a', '2026-b')).toBe('/drills/2026-a?with=2026-b');
  });
});
