// The documents agree with the sources: their tables are generated, their links lead somewhere, and the files
// and scripts that they name are there.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { limits } from '../src/model/limits.ts'
import { tables, withTables } from './docs-tables.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const documents = ['CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })].map((file) =>
  file.replaceAll('\\', '/'),
)
const design = 'docs/design.md'
const { scripts } = JSON.parse(read('package.json')) as {
  readonly scripts: { readonly [name: string]: string }
}

test('the tables of docs/design.md are what the sources say', () => {
  const wanted = withTables(read(design))
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(join(root, design), wanted)
  expect(read(design), 'UPDATE_DOCS=1 npm test -- test/docs.test.ts writes them').toBe(wanted)
})

test('no limit, problem code or error tag is left out of them', () => {
  const made = tables()
  for (const [name, value] of Object.entries(limits))
    expect(made['limits']).toContain(`| \`${name}\` | ${value.toLocaleString('en')} |`)
  for (const known of ['Missing', 'ListOfLists']) expect(made['problem codes']).toContain(`| \`${known}\` |`)
  for (const line of [/`Unavailable` \| yes or no \|/, /`Contention` \| yes \|/, /`Closed` \| no \|/])
    expect(made['error tags']).toMatch(line)
})

test('a page without a marker is told of, and what stands between markers is replaced', () => {
  expect(() => withTables('')).toThrow('generated: limits')
  const page = Object.keys(tables())
    .map((name) => `<!-- generated: ${name} -->\nstale text\n<!-- end -->\nbehind it\n`)
    .join('')
  expect(withTables(page)).not.toContain('stale text')
  expect(withTables(page).match(/behind it/g)).toHaveLength(3)
  expect(withTables(withTables(page))).toBe(withTables(page))
})

// ── links, paths and scripts ──

// Fenced code holds no links of the page.
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '')

// As GitHub makes the anchor of a heading.
const anchorsOf = (text: string): readonly string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

const brokenLinks = (file: string, text: string): readonly string[] =>
  [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#')
      const at = path === '' ? file : relative(root, join(root, dirname(file), path))
      if (!existsSync(join(root, at))) return true
      return anchor !== undefined && !anchorsOf(at === file ? text : read(at)).includes(anchor)
    })

const folders = ['src', 'test', 'adapters', 'examples', 'bench', 'docs', '.ci', '.github', '.vscode']
const isPath = (text: string): boolean =>
  /^[\w.<>*@{},/-]+$/.test(text) &&
  (folders.some((folder) => text === folder || text.startsWith(`${folder}/`)) ||
    /^[\w.-]+\.(ts|md|json|yml)$/.test(text))

/** Paths in backticks that lead nowhere; `<name>` and `*` stand for any name. */
const missingPaths = (text: string): readonly string[] =>
  [...prose(text).matchAll(/`([^`\n]+)`/g)]
    .map(([, path = '']) => path)
    .filter(isPath)
    .filter((path) => globSync(path.replace(/<[^>]*>/g, '*').replace(/\/$/, ''), { cwd: root }).length === 0)

test.each(documents)(
  '%s: links lead somewhere, and the files and scripts that it names are there',
  (file) => {
    const text = read(file)
    expect(brokenLinks(file, text)).toEqual([])
    expect(missingPaths(text)).toEqual([])
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name)
    expect(named.filter((name) => !Object.hasOwn(scripts, name as string))).toEqual([])
  },
)

test('what leads nowhere is found', () => {
  const text =
    '# One thing\n[a](#one-thing) [b](#two) [c](gone.md) [d](../README.md) [e](https://example.org)'
  expect(brokenLinks(design, text)).toEqual(['#two', 'gone.md'])
  const paths = '`src/model` `src/gone.ts` `src/drivers/<name>/` `gone.md` `package.json` `a/b` `x.sqlite`'
  expect(missingPaths(paths)).toEqual(['src/gone.ts', 'gone.md'])
})
