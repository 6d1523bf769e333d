// A list of checks with names, run one after the other; each prints a line that test/run.mjs counts.
const checks = [];

export const check = (name, run) => checks.push({ name, run });

/** Gives the number of those that failed. */
export async function runChecks() {
  let failed = 0;
  for (const { name, run } of checks) {
    try {
      const reason = await run();
      console.log(typeof reason === 'string' ? `skip ${name} # ${reason}` : `ok ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${name}\n${error.stack}`);
    }
  }
  return failed;
}
