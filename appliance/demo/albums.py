"""The four albums. Every name is invented."""

from appliance.demo.scores import VARIOUS_ARTISTS, Album, Artist, Disc, Piece, Style

_QUAYMOOR = Artist("Orla Quaymoor", "Quaymoor, Orla")
_PARSNIP = Artist("The Parsnip Assembly", "Parsnip Assembly, The")
_THISTLECROFT = Artist("Wenna Thistlecroft", "Thistlecroft, Wenna")
_OAKAPPLE = Artist("Bruno Oakapple", "Oakapple, Bruno")
_GLASS_TOWN = Artist("硝子町楽団", "Garasumachi Gakudan")

_LYRICS = """\
[00:03.00]Candle, bread and rain on the sill,
[00:06.50]the kettle is singing, the clock standing still.
[00:10.00]Leave your wet coat on the hook by the door,
[00:13.50]there's room by the fire for one or two more.
[00:17.00]Candle, bread and rain."""


def _nocturne(title: str, bpm: int, scale: str, chords: str, loudness: float) -> Piece:
    return Piece(
        title=title,
        artists=(_QUAYMOOR,),
        credit=_QUAYMOOR.name,
        style=Style.NOCTURNE,
        bpm=bpm,
        scale=scale,
        chords=chords,
        rounds=1,
        loudness=loudness,
        composer=_QUAYMOOR.name,
        mood="Calm",
    )


def _lofi(title: str, sort: str, bpm: int, scale: str, chords: str) -> Piece:
    return Piece(
        title=title,
        title_sort=sort,
        artists=(_GLASS_TOWN,),
        credit=_GLASS_TOWN.name,
        style=Style.LOFI,
        bpm=bpm,
        scale=scale,
        chords=chords,
        rounds=2,
        loudness=-17.0,
        mood="Dreamy",
    )


def _waltz(
    title: str,
    bpm: int,
    scale: str,
    chords: str,
    *guests: Artist,
    lyrics: str | None = None,
) -> Piece:
    credit = _PARSNIP.name
    if guests:
        credit += " with " + " & ".join(guest.name for guest in guests)
    return Piece(
        title=title,
        artists=(_PARSNIP, *guests),
        credit=credit,
        style=Style.WALTZ,
        bpm=bpm,
        scale=scale,
        chords=chords,
        rounds=2,
        loudness=-18.5,
        composer="Trad. arr. The Parsnip Assembly",
        mood="Warm",
        lyrics=lyrics,
    )


def _electronic(title: str, artist: Artist, style: Style, *, bpm: int, scale: str, chords: str) -> Piece:
    return Piece(
        title=title,
        artists=(artist,),
        credit=artist.name,
        style=style,
        bpm=bpm,
        scale=scale,
        chords=chords,
        rounds=2,
        loudness=-15.5 if style is Style.DRIVE else -17.0,
        mood="Nocturnal",
    )


TIDEWATER = Album(
    title="Tidewater Evenings",
    artist=_QUAYMOOR,
    suffix="flac",
    genres=("Ambient", "Modern Classical"),
    release_date="2023-09-15",
    original_date="2011-03-04",
    cover="tide",
    cover_place="folder",
    discs=(
        Disc(
            (
                _nocturne("Slack Water", 72, "C major", "Cmaj9 Am9 Fmaj9 G6 Em7 Fadd9", -20.0),
                _nocturne("Lamps Along the Breakwater", 76, "D major", "Dadd9 Bm7 Gmaj9 Asus4 F#m7 Gmaj7", -19.0),
                _nocturne("Harbour Fog, Half Past Four", 66, "A minor", "Am9 Fmaj7 Dm9 Em7 Fmaj9", -21.0),
            ),
            "Ebb",
        ),
        Disc(
            (
                _nocturne("First Light on Wet Sand", 80, "F major", "Fmaj9 C/E Dm7 Bbmaj9 Gm9 C9sus4", -19.5),
                _nocturne("The Ferry Leaves Without Us", 70, "E minor", "Em9 Cmaj7 G/B Am9 D6", -19.0),
                _nocturne("Neap Tide Lullaby", 68, "G major", "Gmaj7 D/F# Em9 Cmaj9 Am7", -21.0),
            ),
            "Flood",
        ),
    ),
)

ALMANAC = Album(
    title="A Lamplighter's Almanac",
    title_sort="Lamplighter's Almanac, A",
    artist=_PARSNIP,
    suffix="mp3",
    genres=("Folk", "Waltz"),
    release_date="2019-11-08",
    original_date="2019-11-08",
    cover="quilt",
    cover_place="embedded",
    discs=(
        Disc(
            (
                _waltz("Quarter Past the Orchard", 132, "G major", "G Em C D G/B C D7 G"),
                _waltz(
                    "Candle, Bread and Rain",
                    126,
                    "D major",
                    "D Bm G A D/F# G A7 D",
                    _THISTLECROFT,
                    _OAKAPPLE,
                    lyrics=_LYRICS,
                ),
                _waltz("The Clockmender's Waltz", 138, "A minor", "Am Dm G C F Dm E7 Am"),
                _waltz("Geese Over the Millpond", 128, "D dorian", "Dm C Dm Am F C Am7 Dm"),
                _waltz("Last Coat on the Hook", 120, "C major", "C G/B Am F C/E F Gsus4 G7"),
            )
        ),
    ),
)

STOPS = Album(
    title="夜更けの停留所",
    title_sort="Yofuke no Teiryujo",
    artist=_GLASS_TOWN,
    suffix="opus",
    genres=("Lo-Fi", "Instrumental Hip-Hop", "Jazz"),
    release_date="2024-06-21",
    original_date="2024-06-21",
    cover="window",
    cover_place="embedded",
    discs=(
        Disc(
            (
                _lofi("雨あがりの歩道橋", "Ameagari no Hodokyo", 80, "C major", "Fmaj9 Em7 Dm9 Cmaj9"),
                _lofi("自動販売機の灯り", "Jidohanbaiki no Akari", 76, "G major", "Am9 D13 Gmaj9 Em9"),
                _lofi("終電のあとで", "Shuden no Ato de", 84, "D minor", "Dm9 Bbmaj7 Gm9 A7"),
                _lofi("屋上の洗濯物", "Okujo no Sentakumono", 82, "A major", "Dmaj9 C#m7 Bm9 Amaj9"),
                _lofi("朝いちばんの湯気", "Asa Ichiban no Yuge", 78, "F major", "Bbmaj9 Am7 Gm9 Fmaj9"),
            )
        ),
    ),
)

VALVES = Album(
    title="Valve Glow: Nine Volts for Night Drivers",
    artist=Artist(VARIOUS_ARTISTS, VARIOUS_ARTISTS),
    suffix="m4a",
    genres=("Electronic", "Synthwave"),
    release_date="2022-02-18",
    original_date="2022-02-18",
    cover="valve",
    cover_place="folder",
    compilation=True,
    discs=(
        Disc(
            (
                _electronic(
                    "Overpass/Underpass",
                    Artist("Kilohertz Bakery", "Kilohertz Bakery"),
                    Style.DRIVE,
                    bpm=112,
                    scale="A minor",
                    chords="Am F C G",
                ),
                _electronic(
                    "Warm Up, Nine Volts",
                    Artist("Mirabel Ohm", "Ohm, Mirabel"),
                    Style.DRIFT,
                    bpm=92,
                    scale="E minor",
                    chords="Em9 Cmaj7 Gadd9 D",
                ),
                _electronic(
                    "Prąd i neon",
                    Artist("Żaneta Prądnik", "Prądnik, Żaneta"),
                    Style.DRIVE,
                    bpm=118,
                    scale="D minor",
                    chords="Dm Bb F C",
                ),
                _electronic(
                    "Slack Water (Night Bus Version)",
                    _QUAYMOOR,
                    Style.DRIFT,
                    bpm=84,
                    scale="C major",
                    chords="Cmaj9 Am9 Fmaj9 G6",
                ),
                _electronic(
                    "Sodium Parade",
                    Artist("Halvor & the Relays", "Halvor & the Relays"),
                    Style.DRIVE,
                    bpm=108,
                    scale="C minor",
                    chords="Cm Ab Eb Bb",
                ),
            )
        ),
    ),
)

ALBUMS = (TIDEWATER, ALMANAC, STOPS, VALVES)
