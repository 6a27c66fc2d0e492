"""The planted cultures as plain data: names, relative sizes, tags in order of use, caption words, neighbours.

Nothing here is measured. Tags are lower case and written without ``#``; the first is the most used, and use falls
with rank by Zipf's law. A tag may stand in several lists: that is how neighbouring cultures come to share words.
"""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """One culture of the platform: what it is called, how large it is, how it speaks."""

    label: str
    """Name of the community, as its members write it."""
    share: float
    """Share of all accounts that have their home here; renormalised over the communities that take part."""
    tags: tuple[str, ...]
    """Hashtags, most used first."""
    words: tuple[str, ...]
    """Words and phrases of captions."""
    neighbours: tuple[str, ...]
    """Communities in which a member may have a second strong interest."""
    mainstream: bool = False
    """Followed by members of hidden communities, and the source of the sounds everybody uses."""
    hidden: bool = False
    """Lives in shared interest only: members follow and join the mainstream instead of each other."""
    divisiveness: float = 0.1
    """Mean divisiveness of posts, between 0 and 1."""
    flagged: float = 0.004
    """Share of posts flagged as misinformation."""


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


TOPICS: tuple[Topic, ...] = (
    Topic(
        "comedy",
        0.145,
        _list("""comedy funny humor lol meme memes skit relatable joke prank laugh funnyvideo sketch standup
            comedian pov hilarious darkhumor dadjokes parody impression improv lmao awkward office roommates
            siblings customerservice teacher retail bloopers voiceover pun deadpan sarcasm crowdwork"""),
        _phrases("""my boss, the group chat, my landlord, the punchline, the waiter, my mum, the neighbour,
            the wrong number, awkward silence, dad joke, the meeting, my ex, the dentist, the self checkout"""),
        ("dance", "politics", "CatTok"),
        mainstream=True,
    ),
    Topic(
        "dance",
        0.125,
        _list("""dance dancer choreography dancechallenge dancing hiphop dancevideo duet moves shuffle ballet
            groove freestyle dancecover studio salsa ballroom popping locking breakdance footwork party music
            contemporary tutorial afrodance dancecrew rehearsal trenddance performance stage routine jazz"""),
        _phrases("""the chorus, this step, the choreo, count eight, the bridge, my crew, the mirror, first take,
            the last move, studio floor, the drop, slow version, new routine, the beat"""),
        ("K-pop", "comedy", "GymTok"),
        mainstream=True,
    ),
    Topic(
        "football",
        0.110,
        _list("""football soccer footballtiktok goal matchday premierleague championsleague skills worldcup
            freekick derby goalkeeper penalty transfer laliga bundesliga dribble assist footballedit stadium
            fans training futsal highlights nutmeg sport coach tactics grassroots womensfootball kit
            boots referee var throwin"""),
        _phrases("""the free kick, second half, my local club, that save, extra time, the derby, the keeper,
            left foot, the away end, corner flag, the offside, a clean sheet, deadline day, the bench"""),
        ("GymTok", "politics"),
        divisiveness=0.18,
    ),
    Topic(
        "K-pop",
        0.100,
        _list("""kpop kpopfyp idol comeback photocard bias fancam kpopfan stan lightstick concert kpopdance
            dancecover boygroup girlgroup debut album unboxing fandom korea kdrama maknae encore ultbias
            photocards kpopedit dancechallenge tour ticketing lyrics remix trainee showcase edit vocal"""),
        _phrases("""the comeback, my bias, the fancam, photocard pull, the encore, line distribution, the maknae,
            album unboxing, the teaser, the lightstick, tour dates, the high note, debut stage"""),
        ("anime", "dance"),
    ),
    Topic(
        "FoodTok",
        0.090,
        _list("""foodtok food recipe cooking foodie easyrecipe baking homemade dinner tasty dessert breakfast
            pasta mealprep airfryer bread sourdough spicy cake lunch streetfood ramen vegan cheese chocolate
            noodles bbq snack chef kitchen coffee brunch tacos healthyrecipes potluck garlic sauce"""),
        _phrases("""garlic butter, one pan, the dough, crispy edges, leftover rice, the sauce, brown sugar,
            ten minutes, the oven, chili oil, my grandmother, the crumb, a pinch of salt, slow cooker"""),
        ("GymTok", "CatTok"),
    ),
    Topic(
        "anime",
        0.080,
        _list("""anime manga otaku animeedit weeb cosplay animetiktok shonen animefan amv waifu mangaka
            isekai animeart fantasy fanart figure convention openings shojo sliceoflife edit villain arc
            filler subordub studio manhwa webtoon plottwist mecha collector drawing japan ramen"""),
        _phrases("""the opening, this arc, episode nine, the villain, the manga panel, power system, filler episode,
            the sequel, my cosplay, the ending, main character, the duel, a side quest"""),
        ("K-pop", "BookTok"),
    ),
    Topic(
        "GymTok",
        0.070,
        _list("""gymtok gym fitness workout gymmotivation bodybuilding gymlife legday gains lifting deadlift
            squat benchpress fitnessmotivation cardio personalrecord protein preworkout mealprep calisthenics
            powerlifting hypertrophy bulking cutting running mobility stretching coach pullups physique glutes
            restday formcheck discipline progress training"""),
        _phrases("""leg day, new pr, the last rep, rest timer, warm up set, my form, the rack, progressive overload,
            protein shake, chalk, the bar, morning session, sore again, week twelve"""),
        ("FoodTok", "football"),
    ),
    Topic(
        "BookTok",
        0.065,
        _list("""booktok bookish bookstagram books reading bookworm booktoker bookrecommendations romance fantasy
            tbr currentlyreading bookshelf romantasy booklover bookhaul reader enemiestolovers author novel
            library bookclub plottwist thriller bookreview ya audiobook spicybooks annotating fiction paperback
            kindle classics poetry fae darkacademia bookmail chapters writing"""),
        _phrases("""this chapter, the plot twist, my tbr, slow burn, the last page, enemies to lovers, the sequel,
            the villain, my annotations, found family, a five star read, the library, book two, the epilogue"""),
        ("anime", "WitchTok", "CatTok"),
    ),
    Topic(
        "politics",
        0.060,
        _list("""politics news vote election political democracy government policy debate activism protest law
            history congress parliament climate economy justice rights senate constitution speech housing
            taxes workers union campaign localgovernment factcheck breaking currentevents geopolitics media
            education healthcare"""),
        _phrases("""the vote, this bill, the debate, turnout, the council, the budget, the court, rent, the speech,
            the numbers, the amendment, both sides, the hearing, town hall"""),
        ("comedy", "football"),
        divisiveness=0.52,
        flagged=0.045,
    ),
    Topic(
        "CatTok",
        0.060,
        _list("""cattok cat cats catsoftiktok kitten catlover pets catlife funnycats cute meow kitty rescuecat
            blackcat catmom orangecat catvideo petsoftiktok tabby zoomies catdad whiskers purr adoptdontshop
            fosterkitten sphynx calico mainecoon toebeans catnip animals vet biscuits loaf"""),
        _phrases("""the zoomies, toe beans, three in the morning, the empty bowl, the cardboard box, orange cat,
            the loaf, tiny meow, the vet, the curtain, foster kitten, the red dot, making biscuits"""),
        ("comedy", "FoodTok"),
    ),
    Topic(
        "#alttok",
        0.050,
        _list("""alttok alt altfashion goth alternative emo altmakeup grunge gothic egirl punk altstyle
            altgirl scene eyeliner tradgoth thrifted piercings altboy blackmakeup diyfashion platforms
            shoegaze metal darkwave postpunk fishnets battlejacket eboy patches hairdye zine outfit
            vampirecore mallgoth dollcore altfyp witchy basementshow"""),
        _phrases("""black eyeliner, platform boots, my battle jacket, thrifted lace, the basement show, box dye,
            silver rings, post punk, the pit, ripped fishnets, safety pins, split hair, the mosh, dark lipstick"""),
        ("anime", "dance"),
        hidden=True,
    ),
    Topic(
        "WitchTok",
        0.045,
        _list("""witchtok witch witchcraft tarot witchy spells babywitch crystals moon astrology manifestation
            altar tarotreading fullmoon herbs ritual magick greenwitch candle spiritual pagan zodiac moonwater
            grimoire divination protection pickacard retrograde runes incense sage samhain hedgewitch
            kitchenwitch fae folklore"""),
        _phrases("""full moon, the tower card, my altar, rose quartz, a protection jar, three of cups, the new moon,
            my grimoire, rosemary, the pendulum, candle wax, mercury again, a salt circle"""),
        ("BookTok", "FoodTok"),
    ),
)
"""All communities, largest first. ``#alttok`` is the one that follows do not show."""

GENERIC_TAGS: tuple[str, ...] = (
    "fyp",
    "foryou",
    "foryoupage",
    "viral",
    "fypシ",
    "trending",
    "xyzbca",
    "fyppp",
    "trend",
    "fypシ゚viral",
    "fypage",
    "foryourpage",
    "viralvideo",
    "blowthisup",
    "explore",
    "tiktok",
)
"""Tags that say nothing about content, in order of use, in the spellings that accounts compete with."""

OPENERS: tuple[str, ...] = (
    _phrases("""pov:, wait for, not me and, the way, today it was, nobody talks about,
    tell me why, obsessed with, day one of, still thinking about, how it started:, rating, storytime:, unpopular opinion:,
    this is about, when it is, reply to everyone asking about, small update on, part two of, honest thoughts on""")
)
"""How captions begin."""

CLOSERS: tuple[str, ...] = (
    _phrases("""again, for real, and i am not okay, at last, part 2 soon, you have been warned,
    help, no notes, who else, every single time, worth it, in under a minute, do not skip, trust me, every day""")
)
"""How captions end."""

PLAIN_WORDS: tuple[str, ...] = (
    _phrases("""this, my day, that moment, the weekend, my friends, the weather, a monday,
    the little things, my phone, the bus, this morning, that song, everything, the plan""")
)
"""Words of captions that belong to no community."""

COUNTRIES: tuple[tuple[str, str, float], ...] = (
    ("US", "en", 0.36),
    ("GB", "en", 0.12),
    ("BR", "pt", 0.10),
    ("DE", "de", 0.08),
    ("PH", "en", 0.08),
    ("MX", "es", 0.07),
    ("FR", "fr", 0.07),
    ("ID", "id", 0.07),
    ("CA", "en", 0.05),
)
"""Country, main language and share of accounts; independent of the community."""

DEVICES: tuple[tuple[str, float], ...] = (("android", 0.56), ("ios", 0.41), ("web", 0.03))
"""Device and share of accounts; independent of the community."""

HOURS: tuple[int, ...] = (
    5,
    3,
    2,
    1,
    1,
    1,
    2,
    4,
    5,
    5,
    5,
    6,
    7,
    6,
    6,
    6,
    7,
    8,
    9,
    10,
    11,
    11,
    10,
    8,
)
"""Relative activity in each hour of the day, UTC."""
