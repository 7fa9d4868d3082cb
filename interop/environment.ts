// What the harness of a case hands to its client: words and numbers in environment variables. A missing one is an
// error that names it.

export function environment(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`The harness sets ${name}; see cases/*/run`)
  return value
}

export function number(name: string): number {
  return Number(environment(name))
}
