/** Interface of a scenario: its inputs and its results. Called by main.ts and by every scenario. */
import type { Table } from "./table.ts";

/** Settings of the command line. */
export interface Settings {
  /** For CI: shorter and fewer. */
  readonly quick: boolean;
  /** Rounds of those that are compared in turn. */
  readonly rounds: number;
  /** Length of the measurement; undefined leaves it to the scenario. */
  readonly seconds: number | undefined;
}

/** Figures for the file of `--json`, units in their names. */
export interface Figures {
  readonly [name: string]: number | string | boolean | null | readonly number[] | Figures;
}

/** Something grossly wrong. */
export interface Regression {
  /** A sentence. */
  readonly message: string;
  /** True for a scenario about punctuality, which is conclusive only on a machine without other load. */
  readonly ifQuiet?: boolean;
}

/** Results of a scenario. */
export interface Outcome {
  readonly figures: Figures;
  /** The cells of its rows. */
  readonly rows: readonly (readonly string[])[];
  /** Gross errors; checked with `--quick` only. */
  readonly regressions: readonly Regression[];
  /** Said below the table. */
  readonly notes?: readonly string[];
  /** Rows of the group's table in docs/performance.md, if the group has one. */
  readonly pageRows?: readonly (readonly string[])[];
  /** CPU of a check in each round, microseconds; later scenarios are compared with it. */
  readonly perCheckUs?: readonly number[];
}

/** Scenarios that share a table. */
export interface Group {
  readonly title: string;
  readonly note?: string;
  readonly head: readonly string[];
  /** Table of the group in docs/performance.md, which `--write` replaces. */
  readonly page?: PageTable;
}

/** A table of docs/performance.md. */
export interface PageTable {
  /** Name in the marks around the table: `<!-- scripts/bench: NAME -->`. */
  readonly name: string;
  readonly head: readonly string[];
}

/** Outcomes of the scenarios that ran earlier, by name. */
export type Earlier = ReadonlyMap<string, Outcome>;

/** One scenario. */
export interface Scenario {
  readonly name: string;
  readonly group: Group;
  /** One line for `--list`. */
  readonly summary: string;
  /** Runs with `--quick` too. */
  readonly quick: boolean;
  /** Role of HAProxy in it: the peer that is compared with, or the sink, without which it cannot run. */
  readonly haproxy?: "peer" | "sink";
  run(settings: Settings, say: (progress: string) => void, earlier: Earlier): Promise<Outcome>;
}

/** The table of a group. */
export function tableOf(group: Group, outcomes: readonly Outcome[]): Table {
  return { ...group, rows: outcomes.flatMap(({ rows }) => rows) };
}
