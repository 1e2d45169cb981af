import { DrillError } from './errors.ts';
import { drillSettingsSchema, type DrillSettings, type Scenario } from './report.ts';

const MIN_KEYS_PER_PARTITION = 4;

/**
 * Fills in what was not said and raises clients and keys to what every partition needs: a
 * client that waits for a partition without a leader must not keep others from being asked.
 * Throws DrillError 'invalidSettings'.
 */
export function fillSettings(input: Partial<DrillSettings>, partitions: number, scenario: Scenario): DrillSettings {
  const parsed = drillSettingsSchema.safeParse({
    readPercent: 50,
    valueBytes: 128,
    secondsBefore: 3,
    // A majority that is cut must stay so until calls have run out of time.
    faultSeconds: scenario === 'cut-majority' ? 6 : 5,
    secondsAfter: 2,
    recoverySeconds: 60,
    timeoutMs: 2000,
    ...input,
    clients: Math.max(input.clients ?? 2 * partitions, partitions),
    keyCount: Math.max(input.keyCount ?? 10 * partitions, MIN_KEYS_PER_PARTITION * partitions),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DrillError(
      'invalidSettings',
      `${issue?.path.join('.') ?? 'The settings'}: ${issue?.message ?? 'not understood'}.`,
      'Correct it and start the drill again.',
    );
  }
  const { faultSeconds, timeoutMs } = parsed.data;
  if (scenario === 'cut-majority' && faultSeconds * 1000 < 2 * timeoutMs) {
    throw new DrillError(
      'invalidSettings',
      `A majority cut for ${faultSeconds} s is healed before calls with ${timeoutMs} ms to answer can fail.`,
      `Let the fault last at least ${Math.ceil((2 * timeoutMs) / 1000)} s.`,
    );
  }
  return parsed.data;
}
