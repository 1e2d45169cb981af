import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nodeConfigSchema, type NodeConfig } from '../config/node-config.ts';
import { NodeStartError } from './errors.ts';

/** Reads and checks a node's configuration file. Throws a NodeStartError that names what is wrong with it. */
export function loadNodeConfig(file: string): NodeConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NodeStartError(`The configuration cannot be read: ${why}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NodeStartError(`${file} is not valid JSON: ${why}`);
  }
  const parsed = nodeConfigSchema.safeParse(json);
  if (!parsed.success)
    throw new NodeStartError(`${file} is not a node configuration:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
