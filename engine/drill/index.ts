/** Failover drills: load, a fault, its heal, and a report of what that cost and what held. */
export { compareReports, type Comparison } from './compare.ts';
export { DrillError, type DrillErrorCode } from './errors.ts';
export { parseReport, reportJson, ReportStore } from './report-store.ts';
export { reportMarkdown } from './report-markdown.ts';
export {
  drillReportSchema,
  drillSettingsSchema,
  SCENARIOS,
  type DrillReport,
  type DrillSettings,
  type Outage,
  type Scenario,
} from './report.ts';
export { runDrill, type DrillOptions, type DrillPhase, type DrillProgress } from './run-drill.ts';
export { scenarioWords, storyOf } from './words.ts';
