// Checks that index.d.ts says at least what the public contract, __test__/contract/api.d.ts, says: every exported name
// and member is there with a compatible type. What is not built yet stands in later.json beside it with the reason,
// and must leave that list as soon as it exists.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import './run.mjs'

const contractPath = resolve('__test__/contract/api.d.ts')
const laterPath = resolve('__test__/contract/later.json')
const sharedPath = resolve('../shared/api.d.ts')
const contractText = readFileSync(contractPath, 'utf8')
const later = Object.keys(JSON.parse(readFileSync(laterPath, 'utf8')))

// Two files that exist in memory only: the contract without what is left for later, and assignments from the built
// types to it, which the compiler judges.
const reducedPath = resolve('__test__/contract/reduced.d.ts')
const comparisonPath = resolve('__test__/contract/comparison.ts')
const reducedText = withoutLater()
const comparisons = assignments()
const program = createProgram({
  [reducedPath]: reducedText,
  [comparisonPath]: [
    "import * as built from '../../index.js'",
    "import * as contract from './reduced.js'",
    ...comparisons.map(({ code }) => code),
  ].join('\n'),
})
const built = namesIn(resolve('index.d.ts'), (type) => type.getProperties())

const problems = [...sharedCopy(), ...missingNames(), ...staleLater(), ...danglingNames(), ...incompatibleTypes()]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0

/** Where the checkout stands beside the original of the contract, the copy must be the same. */
function sharedCopy() {
  if (!existsSync(sharedPath) || readFileSync(sharedPath, 'utf8') === contractText) return []
  return ['the contract differs from the original beside the checkout']
}

function missingNames() {
  const wanted = [...namesIn(reducedPath, ownMembers)]
  return wanted.filter((name) => !built.has(name)).map((name) => `index.d.ts has no ${name}`)
}

function staleLater() {
  const known = namesIn(contractPath, ownMembers)
  return later.flatMap((name) => {
    if (!known.has(name)) return [`later.json: the contract has no ${name}`]
    return built.has(name) ? [`later.json: ${name} is built, take it off the list`] : []
  })
}

/** What is left for later must not be needed by what is not. */
function danglingNames() {
  const found = program.getSemanticDiagnostics(program.getSourceFile(reducedPath))
  return found.map((diagnostic) => `later.json: the rest of the contract needs more: ${messageOf(diagnostic)}`)
}

/** A name fits when every group of its assignments has one that compiles. */
function incompatibleTypes() {
  const file = program.getSourceFile(comparisonPath)
  const messages = new Map()
  for (const diagnostic of program.getSemanticDiagnostics(file)) {
    messages.set(file.getLineAndCharacterOfPosition(diagnostic.start).line - 2, messageOf(diagnostic))
  }
  const fits = new Set(comparisons.filter((_, line) => !messages.has(line)).map(({ group }) => group))
  const failed = new Map()
  for (const [line, message] of messages) {
    const { name, group } = comparisons[line]
    if (built.has(name) && !fits.has(group)) failed.set(name, message)
  }
  return [...failed].map(([name, message]) => `${name} does not fit the contract: ${message}`)
}

/**
 * The assignments that judge each name. A value and a class must do where the contract's is expected, a plain alias
 * must hold all that the contract's holds, and any other type, which may be of options or of results, one of the two.
 */
function assignments() {
  return exportsOf(reducedText).flatMap((declaration) => {
    const name = declaration.name.text
    const parameters = declaration.typeParameters?.filter((parameter) => !parameter.default).map(() => 'any') ?? []
    const type = parameters.length > 0 ? `${name}<${parameters.join(', ')}>` : name
    const assignment = (kind, code) => ({ name, group: `${name} ${kind}`, code })
    const value = assignment('value', `void (null! as typeof built.${name} satisfies typeof contract.${name})`)
    const narrow = assignment('type', `void (null! as built.${type} satisfies contract.${type})`)
    const wide = assignment('type', `void (null! as contract.${type} satisfies built.${type})`)
    if (ts.isFunctionDeclaration(declaration)) return [value]
    if (ts.isClassDeclaration(declaration)) return [value, narrow]
    return ts.isTypeAliasDeclaration(declaration) && !declaration.typeParameters ? [wide] : [narrow, wide]
  })
}

function withoutLater() {
  const doomed = exportsOf(contractText).flatMap((declaration) => {
    const name = declaration.name.text
    if (later.includes(name)) return [declaration]
    const members = declaration.members ?? []
    return members.filter((member) => member.name && later.includes(`${name}.${member.name.text}`))
  })
  return doomed.reverse().reduce((text, node) => text.slice(0, node.pos) + text.slice(node.end), contractText)
}

function exportsOf(text) {
  const file = ts.createSourceFile(contractPath, text, ts.ScriptTarget.Latest)
  return file.statements.filter((statement) => !ts.isImportDeclaration(statement))
}

function createProgram(virtual) {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, skipLibCheck: false }, '.')
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  const source = resolve('index.ts')
  host.fileExists = (path) => path in virtual || (path !== source && fileExists(path))
  host.readFile = (path) => virtual[path] ?? readFile(path)
  return ts.createProgram([contractPath, ...Object.keys(virtual)], options, host)
}

/** The exports of a file and, as `Export.member`, the members of its classes and interfaces. */
function namesIn(path, membersOf) {
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(path))
  const names = checker.getExportsOfModule(module).flatMap((symbol) => {
    const members = membersOf(checker.getDeclaredTypeOfSymbol(symbol))
    const statics = symbol.exports ? [...symbol.exports.values()] : []
    return [symbol.name, ...[...members, ...statics].map((member) => `${symbol.name}.${member.name}`)]
  })
  return new Set(names)
}

/** What the class or interface itself declares: not what it inherits, no signatures. */
function ownMembers(type) {
  const declared = type.isClassOrInterface() ? [...type.symbol.members.values()] : []
  return declared.filter(
    ({ flags }) => flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor),
  )
}

function messageOf(diagnostic) {
  return ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
}
