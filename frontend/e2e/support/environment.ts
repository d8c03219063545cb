/** What scripts/e2e.sh tells these tests, such as where a program is. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run these tests with scripts/e2e.sh`);
  return value;
}
