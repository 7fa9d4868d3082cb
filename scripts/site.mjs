// Makes the site of the guide and of the interface in build/site, from what is in the repository: TypeDoc with our chapters as its
// pages. The pages go through a copy that has what TypeDoc wants at their top. At the end every link of every page is followed;
// one that leads nowhere fails the command.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Application } from 'typedoc'
import './run.mjs'
import { brokenLinks } from './site/links.mjs'
import { copyPages, documents, groups } from './site/pages.mjs'
import { showSources } from './site/sources.mjs'

const pages = 'build/pages'
const out = 'build/site'

copyPages(pages)
rmSync(out, { recursive: true, force: true })

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
  customJs: 'scripts/site/first-visit.mjs',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  disableSources: true,
  disableGit: true,
  sort: ['alphabetical-ignoring-documents'],
  sortEntryPoints: false,
  groupOrder: [...groups, 'Modules', 'Functions', 'Classes', 'Constructors', 'Properties', 'Accessors', 'Methods', '*'],
  searchInDocuments: true,
  // What one calls stands before properties of the same name.
  searchGroupBoosts: { Functions: 2, Classes: 2 },
  hideGenerator: true,
  navigation: { includeCategories: false, includeGroups: true, includeFolders: false },
  highlightLanguages: ['js', 'ts', 'sh', 'json', 'text', 'ini', 'python', 'typescript', 'javascript'],
  validation: { invalidLink: true, notExported: false, notDocumented: false },
  logLevel: 'Warn',
})
const project = await app.convert()
if (project === undefined || app.logger.hasErrors()) process.exit(1)
// As one imports them, not as their files are called.
for (const module of project.children)
  module.name = module.name === 'index' ? 'ancillary' : module.name.replace('entries', 'ancillary')
await app.generateDocs(project, out)
showSources(out)
const broken = app.logger.hasErrors() ? ['TypeDoc reported errors'] : brokenLinks(out)
for (const link of broken) console.error(link)
console.log(broken.length > 0 ? `site: ${broken.length} links lead nowhere` : `site: ${out}/index.html`)
process.exitCode = broken.length > 0 ? 1 : 0
