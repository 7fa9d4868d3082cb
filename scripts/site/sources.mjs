// Shows the source files that pages link to as pages: a browser would save a bare `.ts` file instead of showing it. It knows
// TypeDoc's folder `media`, and the style of its pages.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a page of each source in the folder of the site, and lets the links of all pages lead there. */
export function showSources(site) {
  const media = join(site, 'media')
  for (const name of readdirSync(media)) {
    writeFileSync(join(media, `${name}.html`), page(name, readFileSync(join(media, name), 'utf8')))
  }
  for (const path of readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  )) {
    const text = readFileSync(join(site, path), 'utf8')
    writeFileSync(join(site, path), text.replace(/href="((?:\.\.\/)*media\/[^"#]+)/g, 'href="$1.html'))
  }
}

function page(name, text) {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name} | ancillary</title>
<link rel="stylesheet" href="../assets/style.css">
<link rel="stylesheet" href="../assets/custom.css">
<script>document.documentElement.dataset.theme = localStorage.getItem('tsd-theme') || 'os'</script>
</head>
<body>
<header class="tsd-page-toolbar"><div class="tsd-toolbar-contents container"><a href="../index.html" class="title">ancillary</a></div></header>
<div class="container tsd-typography source-file"><h1>${name}</h1><pre><code>${escaped(text)}</code></pre></div>
</body>
</html>
`
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
