// Laws of days and times of day: those that there are, and no others.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalDate, canonicalInstant, canonicalTime } from '../../src/model/instant.ts'

const two = (n: number): string => String(n).padStart(2, '0')

test('days: each day of 0001 to 9999 and no other, leap years included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_100 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      (year, month, day) => {
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
        const date = new Date(0)
        date.setUTCFullYear(year, month - 1, day)
        const real =
          year >= 1 && year <= 9999 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
        expect(canonicalDate(text)).toBe(real ? text : undefined)
        expect(canonicalInstant(`${text}T00:00:00Z`) !== undefined).toBe(real)
      },
    ),
    { numRuns: 3_000 },
  )
  for (const day of ['2024-02-29', '2000-02-29', '0004-02-29', '9999-12-31', '0001-01-01'])
    expect(canonicalDate(day)).toBe(day)
  for (const day of [
    '2023-02-29',
    '1900-02-29',
    '2100-02-29',
    '0000-01-01',
    '2024-13-01',
    '2024-00-01',
    '2024-04-31',
    '10000-01-01',
    '2024-1-1',
    '20240101',
    '2024-01-01 ',
    '2024/01/01',
    '+2024-01-01',
    '２０２４-01-01',
    '',
  ]) {
    expect([day, canonicalDate(day)]).toEqual([day, undefined])
  }
})

test('times of day: 00:00:00 to 23:59:59.999999, with a fraction only where there is one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 0, max: 62 }),
      fc.integer({ min: 0, max: 62 }),
      fc.integer({ min: 0, max: 999_999 }),
      fc.nat(3),
      (h, m, s, us, zeros) => {
        const digits = String(us).padStart(6, '0').replace(/0+$/, '')
        const head = `${two(h)}:${two(m)}:${two(s)}`
        const canonical =
          h < 24 && m < 60 && s < 60 ? `${head}${digits === '' ? '' : `.${digits}`}` : undefined
        const sent = digits === '' && zeros === 0 ? head : `${head}.${digits}${'0'.repeat(zeros)}`
        expect(canonicalTime(sent)).toBe(canonical)
      },
    ),
    { numRuns: 1_000 },
  )
  expect(canonicalTime('10:11')).toBe('10:11:00')
  for (const time of [
    '',
    '1:00',
    '10',
    '10:1',
    '24:00:00',
    '10:60',
    '10:11:60',
    '10:11:12.',
    '10:11:12.1234567',
    '10:11:12Z',
    '10:11:12+00',
    ' 10:11',
    '10-11-12',
    '10:11:12 AM',
  ])
    expect([time, canonicalTime(time)]).toEqual([time, undefined])
})
