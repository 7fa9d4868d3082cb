// Closes what a test has opened.

export function dispose(...all: Disposable[]): void {
  for (const one of all) one[Symbol.dispose]()
}
