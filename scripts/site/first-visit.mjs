// Runs in the reader's browser, on every page: on a first visit the guide lies open in the list of pages. It must know how
// TypeDoc remembers what is open, and nothing else.
const guide = 'tsd-accordion-Guide'
try {
  if (localStorage.getItem(guide) === null) localStorage.setItem(guide, 'true')
} catch {
  // Nothing may be kept here: then the list begins closed.
}
