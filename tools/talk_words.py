"""Ordinary words of asking and answering, which are never taken for a misspelt title."""

TALK_WORDS = frozenset(
    """
    able about above absolutely actual actually adore after again ago agree alike alive all allergic almost alone
    along already alright although always amazing another any anybody anyone anything anyway anywhere apart
    appreciate arent around aside ask asked available average avoid away awesome awful aye back bad badly based
    basically bear beautiful because become before begin behind believe best better between beyond big bigger bit
    bored boring both brilliant bring bucks bunch business buy bye call called came can cannot cant care case
    certain certainly change cheap cheaper check cheers chill choice choose christmas class classic classics clear
    close cold come common compare completely consider cool could couldnt couple course crap crazy cup current
    currently cute dark date day days dealer dear deep definitely depends describe did didnt different difficult
    directed does doesnt dollars done dont doubt down drop dude each early easier easy eat either else end ended
    enjoy enjoyed enough entire especially euro even evening ever every everybody everyone everything exact exactly
    excellent except exciting exclude expensive explain fact fair fairly familiar family famous fan fancy fantastic far fast
    favorite favourite feel feeling feels few fewer final finally find fine finish finished first five focus folks
    follow for forget forgot found four free fresh friend friends from full fun funny further future gave general
    generally genre get gets getting girlfriend give given glad go goes going gone good goodbye gosh got great
    greatest guess guy guys had haha hahaha half happen happened happy hard hardly has hasnt hate hated haunted have
    havent having hear heard hello help her here hey hi hidden high highly hit hold home honest honestly hope
    hopefully hoping hot hour hours how however huge husband idea ideally ignore ill im imagine important impossible
    in including inside instead interested interesting into isnt it item ive just keep kept kid kids kill kind kinds
    knew know known large last late lately later latest laugh laughing lead least leave left legend less let lets
    level life light like liked likes line list listen literally little live lol long longer look looked looking
    looks lose loss lost lot lots love loved lovely loves low lower luck made mainly major make makes making many
    match mate matter maximum may maybe mean means meant meet men mention mentioned merry message met middle might
    mind minimum minute minutes miss missed modern moment money month months mood more morning most mostly mother
    move much mum must my nah name named near nearly necessarily need needed needs negative neither never new newer
    news next nice night no nobody none nope nor normal not nothing notice now number obscure obviously odd off
    offer often okay old older oldest omg once one ones only open opinion option options order other others
    otherwise ours out over overall own page pages part particular particularly party pass past pay people perfect
    perfectly perhaps period person personally pick picked place plan play played playing please plenty plus point
    poor popular positive possible possibly post prefer preferably preference preferred pretty previous price
    probably problem properly provide purchase put question quick quickly quiet quite random rate rated rather
    rating read reading ready real really reason recent recently recommend recommendation recommendations
    recommended red related release released remember remind reminds remove request reset rest result return review
    reviews right room run sad safe said same saw say says scene scratch screen search second see seeing seem seems
    seen selection sense serious seriously set several shall she short shorter should shouldnt show showed shown
    shows sick side similar simple simply since sister sit six slow slowly small smart sold some somebody somehow
    someone something sometimes somewhat somewhere son soon sorry sort sorts sound sounds special specific spend
    spent stand start started stay still stop story straight strange strictly strong stuck stuff stupid style such
    suggest suggested suggestion suggestions suitable super suppose supposed sure surely surprise sweet ta tail take
    taken takes talk talking taste tell ten tend terrible than thank thanks that thats then there theyre thing
    things think thinking third this though thought three through thus till time times tired title to today together
    told tomorrow tonight tonight's too took top total totally touch toward tried true try trying turn twice two
    type types typical ugh unfortunately unique unless until up uplifting upon us use used useful user usual usually
    various very view viewed wait want wanted wants was wasnt watch watched watching way ways weak weather week
    weekend weeks weird welcome well went were what whatever whats when whenever where whether which whichever while
    who whole whose why wife will win wish with within without won wonder wonderful wondering wont words work worked
    works world worse worst worth would wouldnt wow wrong yeah year years yep yes yesterday yet you young younger
    your youre yours
    """.split()
)
