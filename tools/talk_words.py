"""Ordinary words of asking and answering, which are never taken for a misspelt title."""

TALK_WORDS = frozenset(
    """
    havent didnt dont doesnt isnt wasnt arent wont cant couldnt wouldnt shouldnt hasnt ive ill thats whats lets youre theyre
    im awesome yes no fantastic wonderful excellent merry christmas haunted post bunch bear scene hahaha haha sounds wanted hopefully gosh omg
    uplifting recent recently classic classics
    nah yep bye brilliant lovely legend dealer whichever pay agree stuck allergic cheers ta aye mate dude tonight's forgot
    chill buy laughing
    able about above absolutely actual actually adore after again ago alike alive all almost alone along already
    alright although always amazing another any anybody anyone anything anyway anywhere apart appreciate around ask
    asked aside available average avoid away awesome awful back bad badly based basically beautiful because become
    before begin behind believe best better between beyond big bigger bit boring both bored bring bucks business buy
    call called came can cannot care case certain certainly change cheap cheaper check cheers choice choose class
    classic clear close cold come common compare completely consider cool could couple course crap crazy cup current
    currently cute dark date day days dear deep definitely depends describe did different difficult directed does
    dollars done doubt down drop each early easy easier eat either else end ended enjoy enjoyed enough entire
    especially euro even evening ever every everybody everyone everything exact exactly except excellent exciting
    exclude expensive explain fact fair fairly family famous fan fancy far fast favorite favourite feel feeling
    feels few fewer final finally find fine finish finished first five focus folks follow for forget forgot found
    four free fresh friend friends from full fun funny further future gave general generally genre get gets getting
    girlfriend give given glad go goes going gone good goodbye got great greatest guess guy guys had half happen
    happened happy hard hardly has hate hated have having hear heard hello help her here hey hi hidden high highly
    hit hold home honest honestly hope hoping hot hour hours how however huge husband idea ideally ignore imagine
    important impossible in including inside instead interested interesting into it item just keep kept kid kids
    kill kind kinds knew know known large last late lately later latest laugh lead least leave left less let level
    life light like liked likes line list listen literally little live lol long longer look looked looking looks
    lose loss lost lot lots love loved lovely loves low lower luck made mainly major make makes making many match
    matter maximum may maybe mean means meant meet men mention mentioned message middle might mind minimum minute
    minutes miss missed modern moment money month months mood more morning most mostly mother move much mum must my
    name named near nearly necessarily need needed needs negative neither never new newer news next nice night
    nobody none nope nor normal not nothing notice now number obscure obviously odd off offer often okay old older
    oldest once one ones only open opinion option options order other others otherwise ours out over overall own
    page pages part particular particularly party pass past people perfect perfectly perhaps period person
    personally pick picked place plan play played playing please plenty plus point poor popular positive possible
    possibly prefer preferably preference preferred pretty previous price probably problem properly provide purchase
    put question quick quickly quiet quite random rate rated rather rating read reading ready real really reason
    recent recently recommend recommendation recommendations recommended red related release released remember
    remind reminds remove request reset rest result return review reviews right room run sad safe said same saw say
    says scratch screen search second see seeing seem seems seen selection sense serious seriously set several shall
    she short shorter should show showed shown shows sick side similar simple simply since sister sit six slow
    slowly small smart some somebody somehow someone something sometimes somewhat somewhere son soon sorry sort
    sorts sound sounds special specific spend spent stand start started stay still stop story straight strange
    strictly strong style stuff stupid such suggest suggested suggestion suggestions suitable super suppose supposed
    sure surely surprise sweet tail take taken takes talk talking taste tell ten tend terrible than thank thanks
    that then there thing things think thinking third this though thought three through thus till time times tired
    title to today together told tomorrow tonight too took top total totally touch toward tried true try trying turn
    twice two type types typical ugh unfortunately unique unless until up upon us use used useful user usual usually
    various very view viewed wait want wanted wants was watch watched watching way ways weak weather week weekend
    weeks weird welcome well went were what whatever when whenever where whether which while who whole whose why
    wife will win wish with within without won wonder wonderful wondering words work worked works world worse worst
    worth would wow wrong yeah year years yep yes yesterday yet you young younger your yours
    """.split()
)
