import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/** Packages that read .proto files by their own place on the disk, which a bundle does not have. */
const PACKAGES: readonly { readonly name: string; readonly protos: string }[] = [
  { name: 'grpc-health-check', protos: 'proto' },
  { name: '@grpc/reflection', protos: 'build/proto/grpc' },
];

/** What the banner of such a bundle has to define. */
export const VENDOR_BANNER = "const vendorDirectory = import.meta.dirname + '/vendor';";

/** Puts those files beside the bundle, and lets the packages find them there. */
export function vendoredProtos(root: string): Plugin {
  const directory = path.join(root, 'node_modules');
  return {
    name: 'vendored-protos',
    setup(build) {
      const names = PACKAGES.map(({ name }) => name.replace('/', '[\\\\/]')).join('|');
      build.onLoad({ filter: new RegExp(`node_modules[\\\\/](${names})[\\\\/].*\\.js$`) }, async ({ path: file }) => {
        const [, inside = ''] = path.dirname(file).split(/node_modules[\\/](?!.*node_modules)/);
        const place = JSON.stringify(`/${inside.replaceAll('\\', '/')}`);
        const text = await readFile(file, 'utf8');
        return { contents: text.replaceAll('__dirname', `(vendorDirectory + ${place})`), loader: 'js' };
      });
      build.onEnd(async () => {
        const out = path.resolve(root, build.initialOptions.outdir ?? '.', 'vendor');
        for (const { name, protos } of PACKAGES) {
          await cp(path.join(directory, name, protos), path.join(out, name, protos), { recursive: true });
        }
      });
    },
  };
}
