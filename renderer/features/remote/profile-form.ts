import type { Environment, RemoteKind } from '../../../electron/contract/model.ts';
import type { Profile, ProfileDraft } from '../../../electron/contract/remote.ts';

/** The sheet's fields as typed. */
export interface ProfileForm {
  readonly name: string;
  readonly group: string;
  readonly kind: RemoteKind | 'detect';
  readonly environment: Environment | 'none';
  readonly color: string | null;
  readonly endpoints: readonly string[];
  readonly isTls: boolean;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string;
  readonly skipVerify: boolean;
  readonly auth: Profile['auth'];
  readonly user: string;
  /** Null while the saved one stays. */
  readonly secret: string | null;
  readonly readOnly: boolean;
  readonly metricsUrls: string;
}

export type FormField = 'name' | 'endpoints' | 'certFile' | 'user' | 'secret' | 'metricsUrls';
export type FormProblems = Partial<Record<FormField, string>>;

export const emptyProfileForm: ProfileForm = {
  name: '',
  group: '',
  kind: 'detect',
  environment: 'none',
  color: null,
  endpoints: [''],
  isTls: false,
  caFile: '',
  certFile: '',
  keyFile: '',
  serverName: '',
  skipVerify: false,
  auth: 'none',
  user: '',
  secret: null,
  readOnly: false,
  metricsUrls: '',
};

export function formOf(profile: Profile): ProfileForm {
  const { tls } = profile;
  return {
    ...emptyProfileForm,
    name: profile.name,
    group: profile.group ?? '',
    kind: profile.kind,
    environment: profile.environment ?? 'none',
    color: profile.color,
    endpoints: profile.endpoints,
    isTls: tls !== null,
    caFile: tls?.caFile ?? '',
    certFile: tls?.certFile ?? '',
    keyFile: tls?.keyFile ?? '',
    serverName: tls?.serverName ?? '',
    skipVerify: tls?.skipVerify ?? false,
    auth: profile.auth,
    user: profile.user ?? '',
    readOnly: profile.readOnly,
    metricsUrls: profile.metricsUrls.join(' '),
  };
}

/** An https:// endpoint says it too. */
export function usesTls(form: ProfileForm): boolean {
  return form.isTls || form.endpoints.some((endpoint) => /^https:/i.test(endpoint.trim()));
}

/** A production cluster begins read-only; leaving production leaves the switch as it is. */
export function withEnvironment(form: ProfileForm, environment: ProfileForm['environment']): ProfileForm {
  const becomes = environment === 'production' && form.environment !== 'production';
  return { ...form, environment, readOnly: becomes ? true : form.readOnly };
}

export type ReadProfile =
  { readonly ok: true; readonly draft: ProfileDraft } | { readonly ok: false; readonly problems: FormProblems };

/**
 * The draft that the fields stand for, or a sentence for each that is wrong. `hasSecret`: one is
 * saved already. `mustBeNamed`: trying a connection needs no name yet.
 */
export function readProfile(form: ProfileForm, hasSecret: boolean, mustBeNamed: boolean): ReadProfile {
  const endpoints = form.endpoints.map((endpoint) => endpoint.trim()).filter((endpoint) => endpoint !== '');
  const metricsUrls = form.metricsUrls.split(/[\s,]+/).filter((url) => url !== '');
  const told: Record<FormField, string | undefined> = {
    name: mustBeNamed || form.name !== '' ? nameProblem(form.name) : undefined,
    endpoints:
      endpoints.length === 0
        ? 'Give at least one endpoint, like http://10.0.0.1:2379.'
        : endpoints.find(isBadEndpoint) === undefined
          ? undefined
          : `"${endpoints.find(isBadEndpoint) ?? ''}" has no port. Write it like http://10.0.0.1:2379.`,
    certFile:
      usesTls(form) && (form.certFile.trim() === '') !== (form.keyFile.trim() === '')
        ? 'A certificate and its key belong together.'
        : undefined,
    user: form.auth === 'password' && form.user === '' ? 'Give the user.' : undefined,
    secret:
      form.auth !== 'none' && (form.secret ?? '') === '' && (!hasSecret || form.secret !== null)
        ? `Give the ${form.auth}.`
        : undefined,
    metricsUrls: metricsUrls.every((url) => /^https?:\/\/./.test(url))
      ? undefined
      : 'Write addresses like http://10.0.0.1:9090/metrics.',
  };
  const wrong = Object.entries(told).filter(([, problem]) => problem !== undefined);
  if (wrong.length > 0) return { ok: false, problems: Object.fromEntries(wrong) as FormProblems };
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());
  return {
    ok: true,
    draft: {
      name: form.name === '' ? 'unnamed' : form.name,
      group: orNull(form.group),
      kind: form.kind === 'detect' ? null : form.kind,
      environment: form.environment === 'none' ? null : form.environment,
      color: form.color,
      endpoints,
      tls: usesTls(form)
        ? {
            caFile: orNull(form.caFile),
            certFile: orNull(form.certFile),
            keyFile: orNull(form.keyFile),
            serverName: orNull(form.serverName),
            skipVerify: form.skipVerify,
          }
        : null,
      auth: form.auth,
      user: form.auth === 'password' ? form.user : null,
      secret: form.auth === 'none' ? null : form.secret,
      readOnly: form.readOnly,
      metricsUrls,
    },
  };
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'Give the cluster a name.';
  if (name.length > 48) return 'A name has at most 48 characters.';
  return /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(name)
    ? undefined
    : 'A name has letters, digits, spaces, dots, hyphens and underscores.';
}

function isBadEndpoint(endpoint: string): boolean {
  return !/^(https?:\/\/)?[^/\s:]+:\d+\/?$|^(https?:\/\/)?\[[^\]]+\]:\d+\/?$/i.test(endpoint);
}
