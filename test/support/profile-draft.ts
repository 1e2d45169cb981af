import type { ProfileDraft } from '../../electron/contract/remote.ts';

/** A profile with nothing but what a test says. */
export function profileDraft(fields: Partial<ProfileDraft>): ProfileDraft {
  return {
    name: 'far',
    group: null,
    environment: null,
    color: null,
    endpoints: [],
    tls: null,
    auth: 'none',
    user: null,
    readOnly: false,
    metricsUrls: [],
    kind: null,
    secret: null,
    ...fields,
  };
}
