// Follows the links of a folder of HTML pages: each must lead to a file of it, and to a place in that file. Asks nobody outside.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Each link that leads nowhere, as `page: link`. */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]))
  const places = new Map([...texts].map(([page, text]) => [page, placesOf(text)]))
  const found = []
  for (const [page, text] of texts) {
    for (const link of linksOf(text)) {
      if (!leadsSomewhere(folder, page, link, places)) found.push(`${page}: ${link}`)
    }
  }
  return found
}

function linksOf(text) {
  const links = [...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'))
  return [...new Set(links)].filter((link) => !/^(https?:|data:|mailto:|javascript:)/.test(link))
}

function placesOf(text) {
  return new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id))
}

function leadsSomewhere(folder, page, link, places) {
  const [path, anchor = ''] = link.split('#')
  const file = path === '' ? page : relative(folder, join(folder, dirname(page), decodeURIComponent(path)))
  if (!existsSync(join(folder, file))) return false
  return anchor === '' || !places.has(file) || places.get(file).has(decodeURIComponent(anchor))
}
