/**
 * One table per IANA registry: number, name, section. Code uses the names, the log prints them, and
 * a number that is not in the table stays a number with a name of its own (`UNKNOWN_50000`).
 */

/** `NAME: [number, 'where it is defined']` */
export type RegistryRows = Readonly<Record<string, readonly [number: number, section: string]>>;

export interface Registry<Rows extends RegistryRows> {
  /** Numbers by name. */
  readonly number: { readonly [Name in keyof Rows]: Rows[Name][0] };
  /** Name for people; `UNKNOWN_n` for a number that is not listed. */
  name(number: number): string;
}

export function registry<const Rows extends RegistryRows>(rows: Rows): Registry<Rows> {
  const names = new Map<number, string>();
  const numbers: Record<string, number> = {};
  for (const [name, [number]] of Object.entries(rows)) {
    numbers[name] = number;
    names.set(number, name);
  }
  return {
    number: numbers as Registry<Rows>['number'],
    name: (number) => names.get(number) ?? `UNKNOWN_${number}`,
  };
}
