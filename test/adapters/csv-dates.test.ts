// Dates of csv in people's formats and time zones, against the instants that Python's zoneinfo gives.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { entity, y } from 'dreampipe'
import { csv, type CsvDates } from 'dreampipe/adapters/csv'
import { collect } from '../flow/kit.ts'

const Visit = entity('Visit', {
  properties: { id: y.string(), on: y.optional(y.date()), at: y.dateTime() },
  identifier: ['id'],
  timestamp: 'at',
})

// What each text is read as, in a DateTime or a Date column, or why it is not.
const read = async (column: 'at' | 'on', texts: readonly string[], dates: CsvDates) =>
  (
    await collect(
      csv([[`id;${column}`, ...texts.map((text) => `1;${text}`)].join('\n')], {
        entity: Visit,
        source: 'door',
        delimiter: ';',
        dates,
      }),
    )
  ).map(({ yadto, problems }) => (problems === undefined ? yadto[column]?.value : problems[0]?.message))

const vienna = 'Europe/Vienna'

test('a format and a zone: an instant, summer and winter; what is none is rejected', async () => {
  const none = 'column at: is no date of dates.format'
  expect(
    await read(
      'at',
      [
        '24.12.2024 18:00',
        '01.07.2024 00:30',
        '31.02.2024 10:00',
        '2024-12-24 18:00',
        '24.12.2024 24:00',
        '1.7.2024 1:30',
        '',
      ],
      { format: 'DD.MM.YYYY HH:mm', zone: vienna },
    ),
  ).toEqual(['2024-12-24T17:00:00.000Z', '2024-06-30T22:30:00.000Z', none, none, none, none, null])
})

test('a local time that no clock ever showed, or showed twice, is rejected', async () => {
  expect(
    await read(
      'at',
      ['31.03.2024 02:30', '27.10.2024 02:30', '27.10.2024 03:00', '31.03.2024 01:59', '31.03.2024 03:00'],
      {
        format: 'DD.MM.YYYY HH:mm',
        zone: vienna,
      },
    ),
  ).toEqual([
    `column at: no clock in ${vienna} ever showed it`,
    `column at: a clock in ${vienna} showed it twice`,
    '2024-10-27T02:00:00.000Z',
    '2024-03-31T00:59:00.000Z',
    '2024-03-31T01:00:00.000Z',
  ])
})

test('several formats: the one that fits; where two fit with different dates, none', async () => {
  const formats = { format: ['D.M.YYYY H:mm:ss', 'D.M.YYYY', 'M/D/YYYY'], zone: vienna }
  expect(await read('at', ['1.2.2024 7:05:09', '1.2.2024', '2/1/2024'], formats)).toEqual([
    '2024-02-01T06:05:09.000Z',
    '2024-01-31T23:00:00.000Z',
    '2024-01-31T23:00:00.000Z',
  ])
  expect(
    await read('at', ['1/2/2024', '25/2/2024', '3/3/2024'], { format: ['D/M/YYYY', 'M/D/YYYY'] }),
  ).toEqual([
    'column at: is another date in each dates.format',
    '2024-02-25T00:00:00.000Z',
    '2024-03-03T00:00:00.000Z',
  ])
  expect(await read('on', ['1.2.2024', '1.2.2024 7:05:09', '29.2.2023'], formats)).toEqual([
    '2024-02-01',
    'column on: is no date of dates.format',
    'column on: is no date of dates.format',
  ])
})

test('formats and zones that cannot be are refused', () => {
  const given = (dates: unknown) => () => csv([], { entity: Visit, source: 'door', dates: dates as CsvDates })
  for (const format of ['yyyy-MM-dd', 'DD.MM.', 'YYYY-MM-DD DD', 'YYYY-MM-DD at HH', 7, undefined, []])
    expect(given({ format })).toThrow(/^csv: dates.format: /)
  expect(given({ format: 'YYYY-MM-DD', zone: 'Europe/Wien' })).toThrow(/^csv: dates.zone: is no time zone/)
  expect(given('YYYY')).toThrow(/^csv.dates: expects an object/)
})

// Reads zone and local times, one a line; writes the instant, `none` or `twice` for each.
const python = `
import sys, datetime as d, zoneinfo
zone, *texts = sys.stdin.read().split('\\n')
zone, utc = zoneinfo.ZoneInfo(zone), d.timezone.utc
for text in texts:
    local = d.datetime.strptime(text, '%Y-%m-%d %H:%M:%S')
    found = {i for i in (local.replace(tzinfo=zone, fold=f).astimezone(utc) for f in (0, 1))
             if i.astimezone(zone).replace(tzinfo=None) == local}
    one = found.pop().strftime('%Y-%m-%dT%H:%M:%S.000Z') if len(found) == 1 else None
    print(one or ('twice' if found else 'none'))
`

test('law: the same as Python, around every change of the clock', async () => {
  for (const zone of [vienna, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']) {
    const texts = Array.from({ length: 3_000 }, (_, i) =>
      new Date(Date.UTC(2010, 0, 1) + i * 4_001 * 1_000 * 40).toISOString().slice(0, 19).replace('T', ' '),
    )
    // Every half hour of the days on which many clocks change.
    for (const day of [
      '2024-03-10',
      '2024-03-31',
      '2024-04-07',
      '2024-10-06',
      '2024-10-27',
      '2024-11-03',
      '2011-12-30',
    ])
      for (let i = 0; i < 48; i++)
        texts.push(`${day} ${String(i >> 1).padStart(2, '0')}:${i % 2 === 0 ? '00' : '30'}:00`)
    const asked = spawnSync('python3', ['-c', python], {
      input: [zone, ...texts].join('\n'),
      encoding: 'utf8',
    })
    if (asked.status !== 0) {
      console.log('not compared: it needs python3 with zoneinfo and its time zones')
      return
    }
    const found = await read('at', texts, { format: 'YYYY-MM-DD HH:mm:ss', zone })
    expect(
      found.map((each) => (each?.includes('no clock') ? 'none' : each?.includes('twice') ? 'twice' : each)),
    ).toEqual(asked.stdout.trim().split('\n'))
  }
})
