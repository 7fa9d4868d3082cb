// Makes the site of the guide and of the interface in build/site, from what is in the repository: TypeDoc with our chapters as its
// pages. The pages go through a copy that has what TypeDoc wants at their top. At the end every link of every page is followed;
// one that leads nowhere fails the command.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Application } from 'typedoc'
import { brokenLinks } from './site/links.mjs'
import './run.mjs'

const pages = 'build/pages'
const out = 'build/site'

/** The chapters in the order of the guide's own table of contents, then what stands beside the guide. */
const chapters = tableOfContents('docs/guide/index.md')
const others = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

rmSync(pages, { recursive: true, force: true })
rmSync(out, { recursive: true, force: true })
for (const path of [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'LICENSE',
  'index.d.ts',
  'docs',
  'bench',
  'examples',
  'interop',
  '__test__',
])
  copy(path)
const documents = ['docs/guide/index.md', ...chapters, ...others]
// The site's own heading says it already.
writeFileSync(
  join(pages, 'README.md'),
  readFileSync('README.md', 'utf8')
    .replace(/^# .*\n/, '')
    .replaceAll('```sh run', '```sh'),
)
for (const path of documents) writeFileSync(join(pages, path), withTitle(readFileSync(path, 'utf8')))

const app = await Application.bootstrapWithPlugins({
  entryPoints: [
    'index.ts',
    ...readdirSync('entries')
      .filter((name) => /^[\w-]+\.ts$/.test(name))
      .map((name) => `entries/${name}`),
  ],
  tsconfig: 'tsconfig.json',
  name: 'ancillary',
  readme: join(pages, 'README.md'),
  projectDocuments: documents.map((path) => join(pages, path)),
  out,
  customCss: 'scripts/site/style.css',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableSources: true,
  disableGit: true,
  sort: ['source-order'],
  sortEntryPoints: false,
  searchInDocuments: true,
  hideGenerator: true,
  navigation: { includeCategories: false, includeGroups: false },
  highlightLanguages: ['js', 'ts', 'sh', 'json', 'text', 'ini', 'python', 'typescript', 'javascript'],
  validation: { invalidLink: true, notExported: false, notDocumented: false },
  logLevel: 'Warn',
})
const project = await app.convert()
if (project === undefined || app.logger.hasErrors()) process.exit(1)
await app.generateDocs(project, out)
const broken = app.logger.hasErrors() ? ['TypeDoc reported errors'] : brokenLinks(out)
for (const link of broken) console.error(link)
console.log(broken.length > 0 ? `site: ${broken.length} links lead nowhere` : `site: ${out}/index.html`)
process.exitCode = broken.length > 0 ? 1 : 0

function tableOfContents(index) {
  const links = [...readFileSync(index, 'utf8').matchAll(/\]\((?!https?:|\.\.)([\w/-]+\.md)\)/g)]
  return [...new Set(links.map(([, name]) => join(dirname(index), name)))]
}

function copy(path) {
  mkdirSync(dirname(join(pages, path)), { recursive: true })
  cpSync(path, join(pages, path), { recursive: true, filter: (source) => !/\.js$|node_modules/.test(source) })
}

/** The heading is the title in the list of pages as well; code for a shell that is run is code for a shell. */
function withTitle(text) {
  const [, title] = /^# (.*)\n/m.exec(text)
  return `---\ntitle: ${JSON.stringify(title.replaceAll('`', ''))}\n---\n${text}`.replace(/^```(js|sh) .*$/gm, '```$1')
}
