import type { PrkDbClient } from '../../../engine/client/index.ts';

/** The key that pictures show open. */
export const SHOWN_KEY = '/orders/eu/2026-06/7f60-c2e9';
export const SHOWN_PREFIX = '/orders/eu/2026-06/';

const orderIds = Array.from({ length: 300 }, (_, i) => ((0x7f3a + i * 7) & 0xffff).toString(16).padStart(4, '0'));

/** Orders, configuration and sessions, as a shop might keep them. */
export async function writeSampleData(client: PrkDbClient): Promise<void> {
  const order = (id: string, qty: number) => ({
    id,
    customer: `c-${20_000 + qty * 209}`,
    status: 'new',
    items: [
      { sku: 'LMP-220', qty },
      { sku: 'CBL-007', qty: 1 },
    ],
    shipBy: '2026-06-20',
    carrier: 'north-freight',
    totalCents: 12_890,
  });
  const { failures } = await client.batchPut([
    ...orderIds.map(
      (id, i) => [`${SHOWN_PREFIX}${id}-c2e9`, JSON.stringify(order(`${id}-c2e9`, (i % 4) + 1), null, 2)] as const,
    ),
    [SHOWN_KEY, JSON.stringify(order('7f60-c2e9', 2), null, 2)] as const,
    ...['flags/new-checkout', 'limits/requests', 'routes/eu'].map((name) => [`/config/${name}`, 'on'] as const),
    ...Array.from({ length: 40 }, (_, i) => [`/sessions/${1000 + i}`, `user-${i}`] as const),
  ]);
  if (failures[0] !== undefined) throw failures[0].error;
}
