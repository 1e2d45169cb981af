import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bundles } from '../../../electron/build.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The builder's own schema, and the YAML reader and validator that it brings along. */
const requireOfBuilder = createRequire(createRequire(import.meta.url).resolve('app-builder-lib/package.json'));
const yaml = requireOfBuilder('js-yaml') as { load(text: string): unknown };
const Ajv = requireOfBuilder('ajv') as new (options: object) => {
  compile(schema: object): ((data: unknown) => boolean) & { errors?: unknown };
};
const schema = requireOfBuilder('app-builder-lib/scheme.json') as object;

interface Config {
  readonly files: string[];
  readonly asar: boolean;
  readonly npmRebuild: boolean;
  readonly asarUnpack: string[];
  readonly electronFuses: Record<string, boolean>;
}
const config = yaml.load(readFileSync(path.join(root, 'electron-builder.yml'), 'utf8')) as Config;

describe('electron-builder.yml', () => {
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

  it('fits the builder’s own schema', () => {
    validate(config);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...config, asra: true })).toBe(false);
  });

  it('sets every fuse strictly', () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('packs what is built and the native binding, unpacked and as it came', () => {
    expect(config).toMatchObject({ asar: true, npmRebuild: false });
    expect(config.asarUnpack).toEqual(['node_modules/better-sqlite3/**']);
    for (const bundle of bundles) {
      const folder = bundle.outdir ?? path.dirname(bundle.outfile!);
      expect(config.files).toContain(`${folder}/**`);
    }
    expect(config.files.some((pattern) => /^(test|engine|electron|renderer)\//.test(pattern))).toBe(false);
    const prebuild = `prebuilds/${process.platform}-${process.arch}.node`;
    expect(existsSync(path.join(root, 'node_modules/better-sqlite3', prebuild))).toBe(true);
  });
});
