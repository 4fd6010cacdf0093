// Histories of partial updates, each with the states that it leads to.
import type { StoredEvent } from '../../model/event.ts'
import type { EntityPropertyValue } from '../../model/yadto.ts'
import { nullOf, storedEvent, string } from '../samples.ts'

// `p1 a=x b= @2`: partial event 1 sets a to x and b to null, at second 2; `f` is a full event, `d` a delete.
export const parse = (text: string, id: string): StoredEvent => {
  const [, kind, sequence, sets, when] = /^([pfd])(\d+) ?(.*?) ?@(\d+)$/.exec(text) as unknown as [
    string,
    'p' | 'f' | 'd',
    string,
    string,
    string,
  ]
  const content = sets
    .split(' ')
    .filter((set) => set !== '')
    .map((set): [string, EntityPropertyValue] => {
      const [name, value] = set.split('=') as [string, string]
      return [name, value === '' ? nullOf('String') : string(value)]
    })
  return storedEvent({
    id,
    sequence: Number(sequence),
    at: Number(when),
    kind: kind === 'p' ? 'partial' : kind === 'f' ? 'full' : 'delete',
    content: Object.fromEntries(content),
  })
}

/**
 * A history, its state now, and at some seconds: `a b c`, with `.` for null; null where the entity is not
 * there.
 */
export const stories: readonly (readonly [
  name: string,
  history: readonly string[],
  now: string | null,
  then: { readonly [second: string]: string | null },
])[] = [
  [
    'parts add up',
    ['p1 a=1 @1', 'p2 b=2 @2', 'p3 c=3 @3'],
    '1 2 3',
    { 0: null, 1: '1 . .', 2: '1 2 .', 3: '1 2 3' },
  ],
  [
    'a newer part replaces what it bears',
    ['p1 a=1 b=1 @1', 'p2 a=2 @2'],
    '2 1 .',
    { 1: '1 1 .', 2: '2 1 .' },
  ],
  ['null is a value, missing is none', ['p1 a=1 b=1 @1', 'p2 a= @2'], '. 1 .', { 1: '1 1 .', 2: '. 1 .' }],
  [
    'a late part fills only what nobody set later',
    ['p1 a=1 @1', 'p2 a=5 @5', 'p3 a=3 b=3 @3'],
    '5 3 .',
    { 2: '1 . .', 3: '3 3 .', 4: '3 3 .', 5: '5 3 .' },
  ],
  [
    'a late null is overruled like any value',
    ['p1 a=5 @5', 'p2 a= b= @3'],
    '5 . .',
    { 3: '. . .', 5: '5 . .' },
  ],
  ['at one time, the higher sequence counts', ['p1 a=1 b=1 @1', 'p2 a=2 @1'], '2 1 .', { 1: '2 1 .' }],
  ['a delete ends', ['p1 a=1 @1', 'd2 @2'], null, { 1: '1 . .', 2: null }],
  [
    'a part behind a delete revives from nothing',
    ['p1 a=1 b=1 @1', 'd2 @2', 'p3 c=3 @3'],
    '. . 3',
    { 1: '1 1 .', 2: null, 3: '. . 3' },
  ],
  [
    'a late part before a delete changes the past only',
    ['p1 a=1 @1', 'd2 @5', 'p3 b=3 @3'],
    null,
    { 1: '1 . .', 3: '1 3 .', 5: null },
  ],
  ['deleted before it was created', ['d1 @5', 'p2 a=2 @3'], null, { 3: '2 . .', 5: null }],
  [
    'a late delete takes what lies before it',
    ['p1 a=1 @1', 'p2 b=5 @5', 'd3 @3'],
    '. 5 .',
    { 1: '1 . .', 3: null, 5: '. 5 .' },
  ],
  [
    'a full event replaces everything before it',
    ['p1 a=1 b=1 @1', 'f2 b=2 @2', 'p3 c=3 @3'],
    '. 2 3',
    { 1: '1 1 .', 2: '. 2 .', 3: '. 2 3' },
  ],
  [
    'a late full event leaves what was set later',
    ['p1 a=1 @1', 'p2 b=5 @5', 'f3 a=3 c=3 @3'],
    '3 5 3',
    { 1: '1 . .', 3: '3 . 3', 5: '3 5 3' },
  ],
  [
    'a late part below a full event changes the past only',
    ['f1 a=5 @5', 'p2 b=3 @3'],
    '5 . .',
    { 3: '. 3 .', 5: '5 . .' },
  ],
  [
    'a part at the time of a delete, stored after it, revives',
    ['d1 @5', 'p2 a=2 @5'],
    '2 . .',
    { 5: '2 . .' },
  ],
]
