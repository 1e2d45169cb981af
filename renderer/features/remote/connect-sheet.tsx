import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useLocation } from 'wouter';
import type { Profile } from '../../../electron/contract/remote.ts';
import { useApi } from '../../api/context.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { ImportProfiles } from './import-profiles.tsx';
import { ConnectionReportView } from './connection-report.tsx';
import {
  emptyProfileForm,
  formOf,
  readProfile,
  usesTls,
  withEnvironment,
  type FormProblems,
  type ProfileForm,
} from './profile-form.ts';
import styles from './connect-sheet.module.css';

const kinds = [
  { value: 'detect', label: 'Find out' },
  { value: 'prkdb', label: 'PrkDB' },
  { value: 'etcd', label: 'etcd' },
] as const;
const environments = [
  { value: 'production', label: 'PROD' },
  { value: 'staging', label: 'Staging' },
  { value: 'dev', label: 'Dev' },
  { value: 'none', label: 'None' },
] as const;
const signIns = [
  { value: 'none', label: 'None' },
  { value: 'password', label: 'User and password' },
  { value: 'token', label: 'Token' },
] as const;

/** ?dialog=connect, and the same for changing a profile: where the cluster is, how to sign in, and whether that works. */
export function ConnectSheet({ profile, onClose }: { profile: Profile | null; onClose: () => void }) {
  const api = useApi();
  const formId = useId();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [form, setForm] = useState<ProfileForm>(() => (profile === null ? emptyProfileForm : formOf(profile)));
  const [problems, setProblems] = useState<FormProblems>({});
  const id = profile?.id ?? null;
  const hasSecret = profile?.hasSecret ?? false;

  const read = (mustBeNamed: boolean) => {
    const result = readProfile(form, hasSecret, mustBeNamed);
    setProblems(result.ok ? {} : result.problems);
    return result.ok ? result.draft : null;
  };
  const test = useMutation({
    mutationFn: (draft: NonNullable<ReturnType<typeof read>>) => api.query('profiles.test', { id, draft }),
  });
  const save = useMutation({
    mutationFn: (draft: NonNullable<ReturnType<typeof read>>) => api.command('profiles.save', { id, draft }),
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ['profiles'] });
      showToast({ tone: 'done', title: `${saved.name} is saved.` });
      onClose();
      navigate(clusterPath(saved.name));
    },
  });
  const change = (part: Partial<ProfileForm>) => {
    save.reset();
    setForm({ ...form, ...part });
  };
  const runTest = () => {
    const draft = read(false);
    if (draft !== null) test.mutate(draft);
  };
  const submit = () => {
    const draft = read(true);
    if (draft !== null && !save.isPending) save.mutate(draft);
  };

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={profile === null ? 'Connect to a remote cluster' : `Profile ${profile.name}`}
      className={styles.dialog ?? ''}
      footer={
        <>
          {profile === null && <ImportProfiles onDone={onClose} />}
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button busy={test.isPending} onClick={runTest}>
            {test.isPending ? 'Testing…' : 'Test connection'}
          </Button>
          <Button variant="primary" type="submit" form={formId} busy={save.isPending}>
            Save and connect
          </Button>
        </>
      }
    >
      <div className={styles.columns}>
        <form
          id={formId}
          className={styles.form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Fields form={form} problems={problems} hasSecret={hasSecret} change={change} set={setForm} />
        </form>
        <section className={styles.side} aria-label="Connection test" aria-live="polite">
          {test.data === undefined && !test.isPending && test.error === null && (
            <p className={styles.quiet}>
              Test connection tries each step and says which one fails and what to do. Nothing is changed there.
            </p>
          )}
          {test.isPending && <p className={styles.quiet}>Connecting…</p>}
          {test.data !== undefined && !test.isPending && <ConnectionReportView report={test.data} />}
          {test.error !== null && <ErrorNote title="The connection was not tested." error={test.error} />}
          {save.error !== null && <ErrorNote title="The profile was not saved." error={save.error} />}
          {form.auth !== 'none' && <SecretWords />}
        </section>
      </div>
    </Dialog>
  );
}

function Fields({
  form,
  problems,
  hasSecret,
  change,
  set,
}: {
  form: ProfileForm;
  problems: FormProblems;
  hasSecret: boolean;
  change: (part: Partial<ProfileForm>) => void;
  set: (form: ProfileForm) => void;
}) {
  return (
    <>
      <div className={styles.two}>
        <TextField
          label="Name"
          autoFocus
          value={form.name}
          problem={problems.name}
          onChange={(event) => change({ name: event.target.value })}
        />
        <TextField
          label="Group"
          note="optional"
          value={form.group}
          onChange={(event) => change({ group: event.target.value })}
        />
      </div>
      <Labelled label="What runs there">
        <Segmented label="What runs there" value={form.kind} options={kinds} onChange={(kind) => change({ kind })} />
      </Labelled>
      <Endpoints form={form} problem={problems.endpoints} change={change} />
      <div className={styles.row}>
        <Switch label="TLS" checked={usesTls(form)} onChange={(isTls) => change({ isTls })} />
      </div>
      {usesTls(form) && <TlsFields form={form} problem={problems.certFile} change={change} />}
      <Labelled label="Sign in with">
        <Segmented label="Sign in with" value={form.auth} options={signIns} onChange={(auth) => change({ auth })} />
      </Labelled>
      {form.auth !== 'none' && (
        <div className={styles.two}>
          {form.auth === 'password' && (
            <TextField
              label="User"
              value={form.user}
              problem={problems.user}
              onChange={(event) => change({ user: event.target.value })}
            />
          )}
          <TextField
            label={form.auth === 'password' ? 'Password' : 'Token'}
            type="password"
            autoComplete="new-password"
            placeholder={hasSecret && form.secret === null ? 'saved' : ''}
            value={form.secret ?? ''}
            problem={problems.secret}
            onChange={(event) => change({ secret: event.target.value })}
          />
        </div>
      )}
      <Labelled label="Environment" note="the word is always shown, and colours the edge">
        <Segmented
          label="Environment"
          value={form.environment}
          options={environments}
          onChange={(environment) => set(withEnvironment(form, environment))}
        />
      </Labelled>
      <div className={styles.two}>
        <label className={styles.color}>
          <span>Colour</span>
          <input
            type="color"
            value={form.color ?? '#5cb3ea'}
            onChange={(event) => change({ color: event.target.value })}
          />
          {form.color !== null && (
            <Button size="small" variant="ghost" onClick={() => change({ color: null })}>
              As the environment
            </Button>
          )}
        </label>
        <Switch label="Read-only" checked={form.readOnly} onChange={(readOnly) => change({ readOnly })} />
      </div>
      <TextField
        label="Metrics addresses"
        note="optional"
        mono
        help="Where Prometheus metrics are read, if not where the cluster itself says. Separated by blanks."
        value={form.metricsUrls}
        problem={problems.metricsUrls}
        onChange={(event) => change({ metricsUrls: event.target.value })}
      />
    </>
  );
}

function Endpoints({
  form,
  problem,
  change,
}: {
  form: ProfileForm;
  problem: string | undefined;
  change: (part: Partial<ProfileForm>) => void;
}) {
  const { endpoints } = form;
  return (
    <div className={styles.endpoints}>
      {endpoints.map((endpoint, i) => (
        <TextField
          // eslint-disable-next-line react/no-array-index-key -- what is typed into a place stays in it
          key={i}
          label={`Endpoint ${i + 1}`}
          {...(i === 0 && { note: 'one is enough, the rest are discovered' })}
          hideLabel={i > 0}
          mono
          placeholder="https://10.0.0.1:2379"
          value={endpoint}
          problem={i === 0 ? problem : undefined}
          onChange={(event) => change({ endpoints: endpoints.with(i, event.target.value) })}
          trailing={
            endpoints.length > 1 && (
              <IconButton
                icon="x"
                size="small"
                label={`Remove endpoint ${i + 1}`}
                onClick={() => change({ endpoints: endpoints.toSpliced(i, 1) })}
              />
            )
          }
        />
      ))}
      <Button size="small" variant="ghost" icon="plus" onClick={() => change({ endpoints: [...endpoints, ''] })}>
        Another endpoint
      </Button>
    </div>
  );
}

function TlsFields({
  form,
  problem,
  change,
}: {
  form: ProfileForm;
  problem: string | undefined;
  change: (part: Partial<ProfileForm>) => void;
}) {
  return (
    <>
      <div className={styles.two}>
        <TextField
          label="CA certificate"
          note="PEM file"
          mono
          placeholder="what the system trusts"
          value={form.caFile}
          onChange={(event) => change({ caFile: event.target.value })}
        />
        <TextField
          label="Server name"
          note="optional"
          mono
          placeholder="the host"
          value={form.serverName}
          onChange={(event) => change({ serverName: event.target.value })}
        />
        <TextField
          label="Client certificate"
          note="PEM file, optional"
          mono
          value={form.certFile}
          problem={problem}
          onChange={(event) => change({ certFile: event.target.value })}
        />
        <TextField
          label="Client key"
          note="PEM file, optional"
          mono
          value={form.keyFile}
          onChange={(event) => change({ keyFile: event.target.value })}
        />
      </div>
      <div className={styles.row}>
        <Switch
          label="Do not verify certificates"
          checked={form.skipVerify}
          onChange={(skipVerify) => change({ skipVerify })}
        />
      </div>
      {form.skipVerify && (
        <p className={styles.danger} role="alert">
          Whoever is between here and the cluster can read and change everything, the password too.
        </p>
      )}
    </>
  );
}

function Labelled({ label, note, children }: { label: string; note?: string; children: React.ReactNode }) {
  return (
    <div>
      <p className={styles.label} aria-hidden="true">
        {label}
        {note !== undefined && <span>{note}</span>}
      </p>
      {children}
    </div>
  );
}

/** Where the password goes. */
function SecretWords() {
  const api = useApi();
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => api.query('profiles.list', {}) });
  if (profiles.data === undefined) return null;
  return <p className={styles.kept}>The secret is kept {profiles.data.secretStore.words}.</p>;
}
