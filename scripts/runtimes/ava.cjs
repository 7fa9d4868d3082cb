// What our specs use of ava, for runtimes on which ava does not run: the same words with the same meaning, one test after the
// other. It knows no spec and prints nothing; scripts/runtimes/spec.cjs does that.
const assert = require('node:assert')
const { inspect } = require('node:util')

const tests = []
const hooks = { before: [], beforeEach: [], afterEach: [], after: [] }

function test(title, implementation) {
  tests.push({ title, implementation })
}

const skip = (title) => tests.push({ title, skipped: true })
const hook = (name) => {
  const add = (...args) => hooks[name].push({ title: args.length > 1 ? args[0] : name, implementation: args.at(-1) })
  return Object.assign(add, { always: add, skip: () => {} })
}
const words = {
  skip,
  todo: skip,
  before: hook('before'),
  beforeEach: hook('beforeEach'),
  afterEach: hook('afterEach'),
  after: hook('after'),
}
Object.assign(test, words, { default: test, __esModule: true })
test.serial = Object.assign((...args) => test(...args), words)

/** What a test is given. */
function context(notes, teardowns) {
  const asserting = (check) => {
    const counted = (...args) => {
      notes.assertions++
      return check(...args)
    }
    return Object.assign(counted, { skip: () => {} })
  }
  return {
    context: {},
    get passed() {
      return notes.passed
    },
    pass: asserting(() => {}),
    fail: asserting((message = 'failed') => assert.fail(message)),
    is: asserting((value, expected, message) =>
      assert.ok(Object.is(value, expected), message ?? differ(value, expected)),
    ),
    not: asserting((value, other, message) => assert.ok(!Object.is(value, other), message)),
    true: asserting((value, message) => assert.ok(value === true, message ?? `${inspect(value)} is not true`)),
    false: asserting((value, message) => assert.ok(value === false, message ?? `${inspect(value)} is not false`)),
    truthy: asserting((value, message) => assert.ok(value, message)),
    falsy: asserting((value, message) => assert.ok(!value, message)),
    deepEqual: asserting((value, expected, message) => assert.deepStrictEqual(value, expected, message)),
    notDeepEqual: asserting((value, other, message) => assert.notDeepStrictEqual(value, other, message)),
    like: asserting((value, part, message) => assertLike(value, part, message)),
    regex: asserting((text, pattern, message) => assert.ok(pattern.test(text), message ?? `${text} is not ${pattern}`)),
    notRegex: asserting((text, pattern, message) => assert.ok(!pattern.test(text), message)),
    throws: asserting((call, expected, message) => assertThrown(caught(call), expected, message)),
    throwsAsync: asserting(async (call, expected, message) => assertThrown(await caughtAsync(call), expected, message)),
    notThrows: asserting((call) => call()),
    notThrowsAsync: asserting(async (call) => void (await (typeof call === 'function' ? call() : call))),
    log: (...args) => notes.log.push(args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg))).join(' ')),
    timeout: () => {},
    plan: () => {},
    teardown: (implementation) => teardowns.unshift(implementation),
  }
}

function differ(value, expected) {
  return `${inspect(value)} is not ${inspect(expected)}`
}

/** Everything that `part` names is so in `value`; arrays may be longer. */
function assertLike(value, part, message) {
  for (const key of Reflect.ownKeys(part)) {
    if (key === 'length' && Array.isArray(part)) continue
    const [found, expected] = [value?.[key], part[key]]
    if (isPart(expected)) assertLike(found, expected, message)
    else assert.deepStrictEqual(found, expected, message ?? `${String(key)}: ${differ(found, expected)}`)
  }
}

function isPart(value) {
  return (
    Array.isArray(value) ||
    (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
  )
}

const NOTHING = Symbol('nothing was thrown')

function caught(call) {
  try {
    call()
    return NOTHING
  } catch (error) {
    return error
  }
}

async function caughtAsync(call) {
  try {
    await (typeof call === 'function' ? call() : call)
    return NOTHING
  } catch (error) {
    return error
  }
}

function assertThrown(error, expected = {}, message = undefined) {
  assert.ok(error !== NOTHING, message ?? 'nothing was thrown')
  if (expected.any) return error
  assert.ok(error instanceof Error, message ?? `thrown: ${inspect(error)}`)
  const fits = (found, wanted) => {
    if (wanted instanceof RegExp) return wanted.test(found)
    return typeof wanted === 'function' ? wanted(found) : found === wanted
  }
  if (expected.is !== undefined) assert.strictEqual(error, expected.is, message)
  if (expected.instanceOf !== undefined) assert.ok(error instanceof expected.instanceOf, message ?? inspect(error))
  for (const name of ['message', 'name', 'code']) {
    if (expected[name] === undefined) continue
    assert.ok(
      fits(error[name], expected[name]),
      message ?? `${name}: ${differ(error[name], expected[name])}\n${error.stack}`,
    )
  }
  return error
}

module.exports = { test, tests, hooks, context }
