import path from 'node:path';
import { z } from 'zod';
import { MAX_NODES, MAX_PARTITIONS } from '../config/limits.ts';
import { timingSchema } from '../config/node-config.ts';
import { SupervisorError } from './errors.ts';
import { checkName } from './home.ts';
import type { ClusterSpec } from './types.ts';

const count = (max: number, what: string) =>
  z.number().int().min(1, `a cluster has at least 1 ${what}`).max(max, `a cluster has at most ${max} ${what}s`);

const specSchema = z
  .object({
    nodes: count(MAX_NODES, 'node'),
    partitions: count(MAX_PARTITIONS, 'partition'),
    replicationFactor: count(MAX_NODES, 'replica per partition'),
    basePort: z
      .number()
      .int()
      .min(1024, 'the base port is 1024 or more')
      .max(65_000, 'the base port is 65000 or less')
      .nullable(),
    dataDir: z.string().min(1, 'the data directory has no name').nullable(),
    timing: timingSchema.optional(),
    tls: z.boolean().optional(),
  })
  .refine((s) => s.replicationFactor <= s.nodes, {
    error: 'the replication factor is at most the number of nodes',
    path: ['replicationFactor'],
  });

/** Rejects what no cluster can be made of, with the field at fault; makes the data directory absolute. */
export function checkSpec(spec: ClusterSpec): ClusterSpec {
  checkName(spec.name);
  const parsed = specSchema.safeParse(spec);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = String(issue?.path[0] ?? '');
    throw new SupervisorError(
      'invalidSpec',
      `The cluster cannot be created: ${issue?.message ?? 'it has the wrong shape'}.`,
      `Change ${field === '' ? 'it' : field} and try again.`,
      { field },
    );
  }
  return { ...spec, dataDir: spec.dataDir === null ? null : path.resolve(spec.dataDir) };
}
