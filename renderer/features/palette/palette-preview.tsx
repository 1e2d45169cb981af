import { Fragment } from 'react';
import { plural } from '../../ui/format.ts';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import type { Fact, Preview } from './action.ts';
import type { RolesAfter } from './roles-after.ts';
import styles from './palette.module.css';

/** More leaders than this become a count. */
const MAX_LED = 12;

/** What the active entry does, before it is done. */
export function PalettePreview({ id, preview }: { id: string; preview: Preview }) {
  return (
    <section id={id} className={styles.preview} aria-label="What this does" tabIndex={0}>
      <h2 className={preview.isKey === true ? 'mono' : undefined}>{preview.title}</h2>
      <p className={styles.lead}>{preview.text}</p>
      {preview.facts !== undefined && preview.facts.length > 0 && (
        <dl>
          {preview.facts.map((fact) => (
            <div key={fact.label}>
              <dt>{fact.label}</dt>
              <dd>
                <FactValue fact={fact} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {preview.after !== undefined && <After after={preview.after} />}
    </section>
  );
}

function FactValue({ fact }: { fact: Fact }) {
  const led = fact.led ?? [];
  return (
    <>
      {led.slice(0, MAX_LED).map(({ name, term }) => (
        <span key={name} className={styles.led}>
          <RoleGlyph role="L" term={term} size={16} />
          {name}
        </span>
      ))}
      {led.length > MAX_LED && `and ${led.length - MAX_LED} more`}
      {fact.value !== '' && <span className={styles.value}>{fact.value}</span>}
    </>
  );
}

/** The role matrix some moments later, small; its sentence says the same. */
function After({ after }: { after: RolesAfter }) {
  const template = { gridTemplateColumns: `26px repeat(${after.partitions.length}, minmax(0, 1fr))` };
  return (
    <div className={styles.after} role="img" aria-label={after.sentence}>
      <div className={styles.afterRow} style={template}>
        <span />
        {after.partitions.map(({ name, changes }) => (
          <span key={name} className={changes ? styles.hot : undefined}>
            {name}
          </span>
        ))}
      </div>
      {after.rows.map(({ node, roles }) => (
        <div key={node} className={styles.afterRow} style={template}>
          <span className={styles.afterNode}>{node}</span>
          {roles.map((role, i) => (
            <Fragment key={after.partitions[i]?.name}>
              {role === null ? <span /> : <RoleGlyph role={role} size={18} />}
            </Fragment>
          ))}
        </div>
      ))}
      {after.hidden > 0 && <p>{plural(after.hidden, 'more partition')} not drawn.</p>}
    </div>
  );
}
