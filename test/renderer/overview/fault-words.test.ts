import { expect, test } from 'vitest';
import { faultQuestion } from '../../../renderer/features/overview/fault-words.ts';
import { viewOf } from '../../support/view.ts';

const three = viewOf(['live', 'live', 'live']);
const two = viewOf(['live', 'live', 'dead']);

test('who wants no question gets none', () => {
  expect(faultQuestion('never', 'kill', two.nodes[0]!, two)).toBeNull();
});

test('asks always, or only where a partition loses its quorum, and says what follows', () => {
  expect(faultQuestion('always', 'pause', three.nodes[0]!, three)).toMatch(/^Freezes n1.*Two of three nodes stay: p0/);
  expect(faultQuestion('quorum', 'pause', three.nodes[0]!, three)).toBeNull();
  for (const action of ['kill', 'pause', 'restart', 'isolate'] as const) {
    expect(faultQuestion('quorum', action, two.nodes[0]!, two)).toMatch(
      /One of three nodes stays: every partition loses its quorum, .* until n1 comes back\.$/,
    );
  }
});

test('the way back is never asked about', () => {
  for (const action of ['start', 'resume', 'heal'] as const) {
    expect(faultQuestion('always', action, two.nodes[2]!, two)).toBeNull();
  }
});
