import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsePlainYaml } from './plain-yaml.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

export const guideText = (): string => readFileSync(`${docs}operating.md`, 'utf8');
export const guideFile = (name: string): string => readFileSync(`${docs}operating/${name}`, 'utf8');

/** The lines of all shell blocks, without those of other languages. */
export function guideLines(): string[] {
  return [...guideText().matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

/** What the dashboard and the alerts ask Prometheus. */
export function guideExpressions(): string[] {
  const dashboard = JSON.parse(guideFile('grafana-dashboard.json')) as Dashboard;
  const rules = parsePlainYaml(guideFile('prkdb-rules.yml')) as unknown as Rules;
  return [
    ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)),
    ...rules.groups.flatMap((group) => group.rules.map((rule) => rule.expr)),
  ];
}

/** Metrics that the guide, its dashboard or its rules name and this text of a node's /metrics does not have. */
export function metricsMissingIn(exposition: string): string[] {
  const exported = new Set([...exposition.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const named = [...guideExpressions(), guideText()].flatMap((text) => [
    ...text.matchAll(/\b(?:prkdb|process|nodejs)_[a-z0-9_]+/g),
  ]);
  const names = new Set(named.map(([name]) => name));
  return [...names].filter((name) => !exported.has(name) && !exported.has(name.replace(/_(bucket|sum|count)$/, '')));
}
