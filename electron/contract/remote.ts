import { z } from 'zod';
import { bytesSchema, environmentSchema, remoteKindSchema } from './model.ts';

export const profileTlsSchema = z.strictObject({
  /** PEM files on the computer of the backend; null: what the system trusts. */
  caFile: z.string().max(4096).nullable(),
  certFile: z.string().max(4096).nullable(),
  keyFile: z.string().max(4096).nullable(),
  /** The name in the certificates, where it is not the host. */
  serverName: z.string().max(255).nullable(),
  /** Whoever is in between can read and change everything. */
  skipVerify: z.boolean(),
});
export type ProfileTls = z.infer<typeof profileTlsSchema>;

/** All of a profile that is no secret. */
const profileFields = {
  name: z
    .string()
    .max(48, 'A name has at most 48 characters.')
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'A name has letters, digits, spaces, dots, hyphens and underscores.'),
  group: z.string().max(48).nullable(),
  environment: environmentSchema.nullable(),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'A colour is written like #3b82f6.')
    .nullable(),
  endpoints: z.array(z.string().max(512)).min(1, 'Give at least one endpoint.').max(32, 'At most 32 endpoints.'),
  tls: profileTlsSchema.nullable(),
  /** How it signs in besides a client certificate. The password or token itself is in the secret store. */
  auth: z.enum(['none', 'password', 'token']),
  user: z.string().max(256).nullable(),
  readOnly: z.boolean(),
  /** Where Prometheus metrics are read, where that is not what the cluster itself says. */
  metricsUrls: z.array(z.url({ protocol: /^https?$/ }).max(512)).max(32),
};

export const profileDraftSchema = z.strictObject({
  ...profileFields,
  /** Null: find out by asking. */
  kind: remoteKindSchema.nullable(),
  /** The password or token; null keeps the saved one. It is never sent back. */
  secret: z.string().max(8192).nullable(),
});
export type ProfileDraft = z.infer<typeof profileDraftSchema>;

export const profileSchema = z.strictObject({
  ...profileFields,
  id: z.string().max(64),
  kind: remoteKindSchema,
  hasSecret: z.boolean(),
});
export type Profile = z.infer<typeof profileSchema>;

/** What is exported and imported: profiles without ids and secrets. */
export const profileFileSchema = z.strictObject({
  format: z.literal('prkdb-profiles'),
  version: z.literal(1),
  profiles: z.array(z.strictObject({ ...profileFields, kind: remoteKindSchema })).max(1000),
});
export type ProfileFile = z.infer<typeof profileFileSchema>;

export const profilesSchema = z.object({
  profiles: z.array(profileSchema),
  /** Where passwords and tokens are kept, in words; null when they cannot be kept at all. */
  secretStore: z.object({ words: z.string(), isEncrypted: z.boolean() }),
});

export const connectionStepSchema = z.object({
  step: z.enum(['resolve', 'connect', 'tls', 'version', 'authenticate', 'members']),
  /** partial: some endpoints passed. */
  state: z.enum(['ok', 'partial', 'failed', 'skipped']),
  /** The result in a few words. */
  words: z.string(),
  tookMs: z.number(),
  problems: z.array(
    z.object({
      endpoint: z.string().nullable(),
      message: z.string(),
      /** What to do. */
      hint: z.string().nullable(),
    }),
  ),
});
export type ConnectionStep = z.infer<typeof connectionStepSchema>;

export const connectionReportSchema = z.object({
  kind: remoteKindSchema.nullable(),
  clusterId: z.string().nullable(),
  /** Enough endpoints passed every step to watch the cluster. */
  usable: z.boolean(),
  steps: z.array(connectionStepSchema),
  endpoints: z.array(z.object({ endpoint: z.string(), ok: z.boolean(), words: z.string() })),
  tookMs: z.number(),
});
export type ConnectionReport = z.infer<typeof connectionReportSchema>;

/** What is done to an etcd cluster; nodes by their number in the view. */
export const etcdActionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('moveLeader'), node: z.number().int() }),
  z.strictObject({ action: z.literal('addMember'), peerUrl: z.url().max(512), learner: z.boolean() }),
  z.strictObject({ action: z.literal('promoteMember'), node: z.number().int() }),
  z.strictObject({ action: z.literal('removeMember'), node: z.number().int() }),
  z.strictObject({ action: z.literal('compact'), revision: z.number().int().min(1) }),
  z.strictObject({ action: z.literal('defragment'), node: z.number().int() }),
  /** Into the snapshots folder of the app. */
  z.strictObject({ action: z.literal('snapshot') }),
  z.strictObject({
    action: z.literal('disarm'),
    node: z.number().int(),
    alarm: z.enum(['noSpace', 'corrupt']),
  }),
]);
export type EtcdAction = z.infer<typeof etcdActionSchema>;

export const etcdAccessSchema = z.object({
  users: z.array(z.object({ name: z.string(), roles: z.array(z.string()) })),
  roles: z.array(
    z.object({
      name: z.string(),
      permissions: z.array(
        z.object({
          type: z.enum(['read', 'write', 'readwrite']),
          key: bytesSchema,
          /** Empty: the key alone. */
          rangeEnd: bytesSchema,
        }),
      ),
    }),
  ),
});
export type EtcdAccess = z.infer<typeof etcdAccessSchema>;

export const keyHistorySchema = z.object({
  /** Newest first. */
  versions: z.array(
    z.object({
      kind: z.enum(['put', 'delete', 'expire']),
      revision: z.number(),
      /** Writes since the key was created; 0 unless put. */
      version: z.number(),
      /** Null where the store keeps no times. */
      timeMs: z.number().nullable(),
      valueSizeBytes: z.number(),
      /** Null when there is none, or it was too large to be kept. */
      value: bytesSchema.nullable(),
    }),
  ),
  /** Older ones have been compacted away. */
  isCut: z.boolean(),
});
export type KeyHistory = z.infer<typeof keyHistorySchema>;
