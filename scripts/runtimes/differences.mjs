// What each runtime cannot do, by spec file and test, with the reason. A whole file is not run; `'*'` stands for those tests of a
// file that fail. What is named by its title must fail: test-runtimes.mjs sees to it.
export const differences = {}
