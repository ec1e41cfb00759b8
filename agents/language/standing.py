"""The patterns of statements on a life that stand for more than a day, in general English, over folded text.

They are what lives.py matches a statement with. Each is narrow on purpose: what is remembered is shown to people, so a
statement that may be of the moment, of an item or a manner of speaking is better passed over.
"""

import re

UNFIT = re.compile(
    r"#|@|\d{5}|\?|\b(?:tonight|tonite|today|tomorrow|yesterday|right now|now|at the moment|for now|atm|soon|later|"
    r"again|"
    r"already|yet|finally|this|(?:last|next) (?:night|week|weekend|month|year|time|one|summer|winter)|"
    r"in (?:an?|one|two|\d+|a few|half an) (?:minutes?|mins?|hours?|days?|weeks?|months?)|you|your|yours|u|ya|it|its|"
    r"it's|that's|(?:in|of|about|like|with|for|to|on|from|at|than|see|watch|do|all|love|hate) that|that$|"
    r"(?:i|we) (?:just |really |also )*(?:like|love|enjoy|hate|prefer)|those|them|him|one of|these(?! days)|"
    r"that one|ones|wants?|wanna|wanted|would|i'd|we'd|he'd|she'd|"
    r"will|i'll|we'll|(?:could|would|should)n't|should|could|might|gonna|gotta|going to|ha[vs]e to|was|were|did|"
    r"didn't|had|went|saw|seen|loved|"
    r"liked|hated|enjoyed|watched|thought|said|told|made|came|fell|found|felt|heard|finished|passwords?|passport|"
    r"something|(?<!loves )(?<!hates )(?<!likes )anything|nothing|suggest\w*|recommend\w*|ignore|instructions?|"
    r"system|prompt|assistant|idiot|"
    r"robot|bot|ai)\b"
)
"""What no statement on a life holds: the moment, the listener, an item pointed at, a wish, the past, orders."""

PEOPLE = (
    r"(?:wife|husband|partner|spouse|fiancee?|girlfriend|boyfriend|gf|bf|kids?|children|child|sons?|daughters?|boys?|"
    r"girls?|baby|babies|toddlers?|twins|teens?|teenagers?|little (?:one|ones)|mum|mom|mother|dad|father|parents|"
    r"(?:grand|step|god)-?(?:ma|pa|mother|father|mum|mom|dad|parents|kids?|children|child|sons?|daughters?)|gran|"
    r"granny|"
    r"brothers?|sisters?|siblings?|in-laws|(?:mother|father)-in-law|uncle|aunt|auntie|cousins?|nephews?|nieces?|"
    r"family|"
    r"household|roommates?|flatmates?|housemates?|best friend|friends|students|pupils|dogs?|cats?|puppy|kitten|pets?|"
    r"rabbits?|horse|carer)"
)
_ADVERB = (
    r"(?:usually|mostly|often|always|sometimes|normally|generally|typically|mainly|only|also|both|all|never|rarely|"
    r"seldom|hardly ever|hardly|still|regularly|occasionally|primarily|just|really|currently|almost always|"
    r"pretty much|"
    r"basically|completely|totally|very|quite|rather|fairly|extremely|severely|partly|partially|slightly|mildly|"
    r"legally|"
    r"absolutely|relatively|pretty)"
)
_ADV = rf"(?P<adv>(?: {_ADVERB}\b)*+)"
_I = r"(?:i|we)"
_NUMBER = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_REST = r"(?P<rest>(?: .*)?)"

_NOT_A = (
    r"(?!(?:bit|little|lot|tad|touch|hurry|rush|mess|wreck|loss|few|couple of|mood|fool|genius|dummy|good|bad|fan|"
    r"sucker|"
    r"great|different|biased|middle aged|happy|sucker|group|party|team|bunch)\b)"
    r"(?![^,]*\b(?:\w*fans?|fun of|lovers?|sucker|junkie|freak|addict|admirer|nut|hurry|rush|mood|mess|mind|"
    r"person for|time)\b)"
)
_STANDING = (
    r"(?:(?:ovo[- ]?|lacto[- ]?)*vegetarians?|vegans?|pescatarians?|pescetarians?|flexitarian|coeliac|celiac|"
    r"diabetic|"
    r"prediabetic|asthmatic|epileptic|dyslexic|autistic|colou?r[- ]?blind|deaf|blind|hard of hearing|"
    r"(?:short|near|long|far)[- ]?sighted|left[- ]?handed|right[- ]?handed|retired|married|single|divorced|widowed|"
    r"engaged|pregnant|disabled|claustrophobic|arachnophobic|anaemic|anemic|(?:[a-z]+[- ])?intolerant|[a-z]+[- ]free|"
    r"(?:allergic|sensitive|prone|used) to \w+|teetotal|sober|unemployed|self-employed|freelance|bilingual|kosher|"
    r"halal|muslim|jewish|hindu|christian|catholic|buddhist|religious|introverted|extroverted|elderly|housebound|"
    r"bedridden|wheelchair[- ]bound|visually impaired|squeamish|forgetful|clumsy|plant-based|tall|petite|overweight|"
    r"(?:easily|quickly) \w+ed|(?:afraid|scared|terrified|frightened) of \w+|out of work|"
    r"(?:new|good|bad|hopeless|terrible|useless|rubbish|slow|handy|experienced|inexperienced) (?:to|at|"
    r"(?<!good )with) \w+|"
    r"(?<=not )(?:\w+ )?good with \w+|"
    r"beginners|newbies|newcomers|students|parents|pensioners|retirees|adults|grown-ups|night owls?)\b"
)
_STAGE = (
    r"(?:(?:from|based in|based near|originally from) [a-z]+|in a wheelchair|"
    r"in (?:my|our) (?:(?:early|mid|late)[- ])*(?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties|"
    r"[2-9]0'?s)|in (?:college|high school|university|school|med school|grad school)|(?:over|under|almost|"
    r"nearly) \d\d$|"
    r"on (?:an? |the |my )?(?:[\w-]+ )?(?:budget|diet|pension|medication|dialysis|blood thinners|low income))\b"
)
_DOING = (
    r"(?:learning \w+|studying \w+|living (?:in|on|at|with|alone|near)|raising|teaching|homeschooling|renting|"
    r"expecting (?:a (?:baby|child|girl|boy)|twins|our|my)|caring for|taking care of|"
    r"sharing an?|saving (?:up )?for|training (?:for|to|as)|working (?:as|in|from|nights|part|full|shifts|at)|"
    r"recovering from|going (?:blind|deaf)|losing my|trying to (?:lose|quit|eat|cut|learn|save|stop|drink|reduce))\b"
)
_AGED = rf"{_NUMBER}(?:[- ](?:years?|months?)(?:[- ]old)?)?(?=$|,| and\b| with\b)"
_BEING = (
    rf"(?:an? {_NOT_A}\w|{_STANDING}|{_STAGE}|{_DOING}|{_AGED}|(?:the )?(?:mother|father|mum|mom|dad|parents?|"
    r"grand\w+|owner) (?:of|to)\b)"
)

_NO_THING = (
    r"(?![^,]*\b(?:questions?|ideas?|feelings?|preferences?|problems?|clues?|doubts?|look|chance|favou?rites?|list|"
    r"requests?|hours?|minutes?|mins|nights?|evening|afternoon|morning|day|weekend|headache|cold|flu|fever|date|"
    r"meeting|"
    r"flight|exam|party|guests?|visitors|tastes?|things?|soft spot|weakness|weak spot|crush|times?|few|couple|lots?|"
    r"bunch|copy|mood|mind|opinion|reason|choice|options?|complaint|comments?|suggestions?|thoughts?|plans?|blast|"
    r"laugh|"
    r"fun|trouble|issues?|while|luck|type|interest|love|passion|objection|point|memory|memories|dream|nightmare|"
    r"hangover|"
    r"birthday|wedding|picnic|barbecue|bbq|trip|holiday|vacation|appetite|craving|feel|sense|hope|say|worries|wish|"
    r"need|"
    r"word|way|go|try|break|drink|snack|expectations?|limits?|hold|experience|particular|specific|many|much|any|"
    r"enough|"
    r"more|good one|great|complaints|information|info|facts?|details?|data|record|regrets?|reviews?|version|model)\b)"
)
_AN = (
    rf"(?:an? (?!different|similar|previous|new one|backup)|no |{_NUMBER} (?!in |of |on |for |more |that |and |"
    rf"called |named |like |left |from |at |out )|(?:my|our) own |"
    r"(?:very |really |quite )?(?:small|large|big|little|limited|poor|bad|weak|long|short|dry|oily|sensitive|curly|"
    r"fine|thick|thin) (?!\w+ed\b))"
)
_ILLS = (
    r"(?:asthma|adhd|add|autism|diabetes|insomnia|anxiety|depression|migraines?|allergies|hay fever|tinnitus|"
    r"dyslexia|"
    r"epilepsy|ibs|ms|cancer|vertigo|gout|eczema|psoriasis|kids|children|twins|cats|dogs|pets|high blood pressure|"
    r"high cholesterol|type (?:1|2|one|two) diabetes|co?eliac(?: disease)?|crohn'?s|"
    r"\w+(?:itis|phobia|anemia|anaemia|algia|osis)|(?:trouble|difficulty) (?:hearing|seeing|sleeping|walking|"
    r"reading))\b"
)
_HAVING = rf"(?:{_ILLS}|{_AN}{_NO_THING}\w)"

_DOES = (
    r"(?:live(?= (?:in|on|at|alone|with|by|near|off|abroad|together|out|under|over|next|far|close|miles|upstairs)\b)|"
    r"work(?= (?:as|in|at|from|for(?! me\b)|nights|shifts|with|part|full|long|late|on|outdoors|outside|remotely)\b)|"
    r"commute|travel|study|teach|garden|volunteer(?! to\b)|suffer from|wear(?! (?:my|our|the)\b)|"
    r"run (?:an?|my|our|every|daily|marathons)\b|rent|share an?\b|cycle|camp|sew|knit|paint|code|program|farm|fish|"
    r"hunt|"
    r"sing|speak(?! (?:for|of|about|to)\b)|smoke|drink(?! to\b)|eat|drive|cook|bake|swim|ski|use(?= (?:an?|only|"
    r"mostly|no) (?!different|similar))|"
    r"write(?! off\b)|edit|practi[sc]e|collect|follow an?\b|struggle with|care for|look after|take care of|"
    r"stay at home|wake up|forget to|get up (?:at|early|late)|get (?:(?:very |really )?(?:sea|car|motion|travel|"
    r"air)[- ]?"
    r"sick|[a-z]+ easily|easily [a-z]+|migraines|headaches|nightmares|nauseous|dizzy)|"
    r"take (?:the (?:bus|train|tube|metro|subway|tram|ferry|underground)|medication|insulin|public transport)|"
    r"go to (?:school|university|college|church|the gym|work|bed|sleep)|"
    r"need (?:glasses|an? wheelchair|hearing aids?|reading glasses)|play (?:the [a-z]+|in an?|on an?|for an?)\b|"
    r"do (?:shift work|night shifts|shifts|yoga)|own (?:an?|two|three|four|five|no|only|my own)\b|"
    r"keep (?:chickens|bees|hens|kosher|halal))\b"
)
_NO_HABIT = (
    r"(?!(?:want|need|think|guess|know|like|love|enjoy|hate|prefer|hope|wish|mean|feel|see|hear|remember|believe|"
    r"agree|"
    r"understand|suppose|wonder|care|mind|say|tell|ask|find|look|saw|got|did|took|bought|made|left|lost|met|paid|sat|"
    r"sent|slept|spent|told|won|wrote|drove|flew|ran|began|broke|brought|caught|chose|grew|knew|spoke|stood|taught|"
    r"wore|"
    r"ate|came|gave|kept|have|am|are|will|can't|can|must|may|shall|dig|adore|dislike|stand|seem|end|fell|laugh|cry|"
    r"don't|"
    r"haven't|cannot|get|go|come|do|make|take|give|put|tend|be|was|were|am|let|re|ve|use|pick|choose|try|start|keep|"
    r"[a-z]+ed|[a-z]+ly|n't)\b)"
)
_DAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays?|weekends?|weeknights?|week nights|holidays|nights?)"
_CONTEXT = (
    rf"(?:\b(?:with|for|around) (?:[\w-]+ ){{0,4}}{PEOPLE}\b"
    r"|\b(?:with others|as a family|as a couple|alone|(?:by|for) (?:myself|ourselves)|on (?:my|our) own|together)\b"
    rf"|\b(?:on|at|during|over|most|every) (?:the |my |our )?{_DAY}\b"
    r"|\bin the (?:mornings?|evenings?|afternoons?|car|bath|garden|kitchen|office|gym)\b"
    r"|\bevery (?:day|night|week|evening|morning|month)\b|\b(?:once|twice|three times) a (?:week|month|day|year)\b"
    r"|\b(?:before|after|in|at) (?:bed|work|school|sleep|lunch|dinner|breakfast|home|night)\b"
    r"|\bduring (?:my|our|the) (?:commute|lunch\w*)"
    r"|\b(?:while|when) (?:i'?m )?(?:commuting|driving|cooking|working|running|travell?ing|walking|ironing|"
    r"cleaning)\b"
    r"|\bon (?:the|a|an|my|our) (?:[\w-]+ ){0,2}(?:train|bus|plane|tube|metro|subway|ferry|go|move|sofa|couch|"
    r"commute|"
    r"phone|tablet|laptop|mac|pc|tv|television|computer|console|desktop|projector|headset|balcony|roof|terrace|"
    r"way to work)\b)"
)

_THING = (
    r"(?P<who>(?:(?!(?:is|are|has|have|and|or|that|who|of|favou?rites?|normally|usually|usual)\b)[a-z][\w'-]* ){0,2}?"
    r"(?:eyes|eyesight|sight|vision|hearing|ears|back|knees?|hips?|hands?|feet|legs?|shoulders?|wrists?|skin|hair|"
    r"scalp|"
    r"stomach|digestion|teeth|memory|attention span|health|mobility|flat|apartment|house|home|room|bedroom|kitchen|"
    r"bathroom|oven|hob|stove|fridge|freezer|garden|yard|backyard|patio|balcony|terrace|windows?|windowsill|soil|"
    r"garage|"
    r"pool|car|van|bike|commute|job|work|office|shifts|schedule|working hours|internet|wi-?fi|broadband|connection|"
    r"tv|"
    r"telly|television|screen|monitor|laptop|computer|pc|mac|phone|tablet|console|desk|english|french|spanish|german|"
    r"italian|diet|religion|faith|neighbou?rs|village|town|street|shop|business|income|shelves|printer|camera|"
    r"router|tank))"
)
_IS_SO = (
    r"(?:(?:isn't|aren't|is not|are not) (?:very |so |that )?(?:great|good)\b|(?:is|are|isn't|aren't)(?: (?:only|"
    r"both|all|also|very|quite|pretty|really|rather|so|too|not|always|usually|mostly|"
    r"mainly|about|around|just|almost))*"
    r" (?![a-z]+ing\b(?! in))(?!(?:dead|full|empty|ready|here|there|out|off|down|gone|fine|done|over|that|the|to|"
    r"what|how|"
    r"probably|definitely|same|one|like|about|broken|delayed|late|cancelled|up|on|back|yours|boring|good|great|"
    r"awesome|amazing|"
    r"tired|asleep|sick|ill|bored|hungry|away|busy|upset|sad|angry|happy|excited|home|my|if|whether|because|when|"
    r"more|"
    r"anyone|anybody|all)\b(?! at| with))\w)"
)
_OF_THINGS = (
    rf"(?:{_IS_SO}|(?:has|have)(?: (?:only|also|got))* {_AN}|(?:doesn't|don't) (?:have|get|run|support)\b|"
    r"(?:only )?(?:gets?|faces?|runs? on|holds?|supports?)\b(?! (?:me|over|back|in the way)\b))"
)
_OF_PEOPLE = (
    r"(?:(?:is|are|'s|'re)(?: (?:only|both|all|also|still|just|almost|nearly|very|quite|not|severely|turning))*"
    rf" (?:{_BEING}|{_NUMBER} and {_NUMBER}|into \w|obsessed with \w|picky|fussy|shy|sensitive)"
    rf"|(?:has|have)(?: (?:only|also|both|got))* {_HAVING}(?!.*\bup$)"
    r"|(?:(?:really|only|always|never|usually|mostly|often|also|both|all|absolutely|still) )*(?:(?:loves?|hates?|"
    r"likes?|"
    r"dislikes?|enjoys?|prefers?|adores?)(?= (?!(?:the|that|these|all|her|his|their|my|our|she|he|both|each|"
    r"every)\b))|(?:can't|cannot) (?:eat|have|stand|read|see|hear|swim|walk|drink|drive|handle|"
    r"sit|stomach)|(?:doesn't|don't|does not|do not) (?:like|eat|drink|speak|read|enjoy|sleep|drive|swim|have|own|"
    r"walk|see|hear|do well)|"
    r"won't (?:eat|drink|touch)|lives?|works?(?! for)|speaks?|sleeps?|suffers? from|gets? (?:[a-z]+ easily|"
    r"easily [a-z]+|"
    r"scared|bored|frightened|nightmares|car ?sick|seasick)|goes to|chews?|needs?(?! (?:to (?:see|watch|find)|"
    r"a laugh|"
    r"some))|uses? (?:an?|only)|plays? (?:the|on|with|in)|eats?(?= (?!the|her|his|their))|wears? (?!the|her|his|"
    r"their)\w+|stud(?:ies|y)|scares? easily)\b)"
)


_CAN_NOT = r"(?:can't|cannot|can not|cant|can barely|can hardly|could never)"
_DO_NOT = r"(?:don't|do not|dont)"


def _frame(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^{pattern}")


BEING = _frame(rf"(?P<who>i'?m|i am|we're|we are){_ADV}(?P<rest>(?: not(?: (?:very|so|that|too|really))*)? {_BEING}.*)")
"""I'm a nurse; we're completely new to it."""
SORT = re.compile(r"(?: \w+)* ?an? (?!.*\b(?:beginner|newbie|newcomer|novice)\b)")
"""What sort of lover of items somebody is, which is a taste."""
HAVING = _frame(rf"{_I}(?:'ve got|ve got|'ve|{_ADV} (?P<verb>have got|have|own)) (?P<rest>{_HAVING}.*)")
"""I have a cat; I've got two kids; I only have a bike."""
NOT_HAVING = _frame(
    rf"{_I} {_DO_NOT}(?: [a-z]+ly| even)? (?P<verb>have|own) (?P<rest>(?:an? {_NO_THING}(?!.*\b(?:for|on|about)\b)|"
    rf"any (?:kids|children|pets|allergies|siblings|family)\b|{_ILLS}).*)"
)
"""I don't have a car."""
DOING = _frame(rf"{_I}{_ADV}(?P<helps> tend to| can only)?+ (?P<verb>{_DOES}){_REST}$")
"""I live alone; I usually cook for four."""
HABIT = _frame(
    rf"{_I}{_ADV}(?P<helps> tend to| can only)?+ {_NO_HABIT}(?P<verb>[a-z]+)(?=\s|$)(?P<rest>(?:.*? )?{_CONTEXT}.*)$"
)
"""I watch with my kids; I mostly play on weeknights."""
NOT_DOING = _frame(
    rf"{_I} (?P<verb>{_CAN_NOT}(?: (?:really|even|actually))? (?:eat|drink|have (?!it|to|any|a )|drive|swim|cook|"
    rf"walk|climb|lift|"
    r"hear (?:well|much|high|low|properly)|see (?:well|colou?rs?|red|far|properly|much|three)|read (?:music|small|"
    r"fine|without)|speak(?! (?:on|to|for)\b)|sleep|sit|afford|"
    r"tolerate|digest|fly|ski|bend|kneel|concentrate|smell|type)\b"
    rf"|{_DO_NOT}(?: (?:really|even|actually))? (?:eat|drink|drive|smoke|speak|cook|swim|fly|travel|work|live|sleep|"
    rf"bake|"
    rf"wear(?! (?:my|the)\b)|celebrate)\b){_REST}$"
)
"""I can't eat dairy; I don't speak French."""
BECOME = _frame(
    rf"{_I}(?: (?P<verb>grew up|used to (?:be|live|work|teach|own|smoke|run|study)) (?P<rest>.+)"
    r"|(?:'ve| have) (?:just |only |also )?(?P<been>been) (?P<since>(?!.*\bfan\b)(?!looking|searching|waiting|"
    r"trying|thinking|wanting|meaning|"
    r"hoping|wondering|told|watching|using|buying|getting|having|there|here|to\b|in the mood|a fan|"
    r"into)[a-z].* (?:for|since) .+)"
    r"|(?:'ve| have)? (?:just |recently )?(?P<went>moved (?:to|into)|retired|became (?=an? |veg)|adopted|"
    r"started (?:learning|running|baking|cooking|"
    r"gardening|studying|working))\b(?P<to>.*))$"
)
"""I grew up in Norway; I've been vegan for years; I just moved into a flat."""
MINE = _frame(rf"(?:my|our) {_THING} (?P<rest>{_OF_THINGS}.*)$")
"""My kitchen is tiny."""
PERSON = _frame(
    rf"(?:my|our|the(?= (?:kids|children|wife|husband|baby|dog|"
    rf"cat)\b)) (?P<who>(?:[\w'-]+ ){{0,3}}?(?:{PEOPLE})(?: and (?:my |our )?{PEOPLE})?"
    rf"(?: [A-Z]\w+)?)(?P<rest>(?:'s (?=\d|an? |allergic|vegan|vegetarian)| {_OF_PEOPLE}).*)$"
)
"""My daughter is 5; my wife hates gore."""
THEY = _frame(rf"(?P<who>she|he|they)(?P<rest>(?:'s|'re)? ?{_OF_PEOPLE}.*)$")
"""She is 5, of somebody spoken of before."""
TOGETHER = _frame(
    rf"(?:my|our) (?P<who>(?:[\w'-]+ )?{PEOPLE}) and i{_ADV}(?P<helps>)? (?P<verb>{_DOES}|"
    rf"{_NO_HABIT}[a-z]+(?= (?:.*? )?{_CONTEXT})){_REST}$"
)
"""My partner and I cook together on Sundays."""
AS_ONE = _frame(
    r"(?:as|being) (?P<rest>an? (?!kid\b|child\b|teen|rule\b|whole\b|result\b|start\b|gift\b|treat\b|joke\b|"
    r"present\b|fan\b|family\b|"
    r"couple\b|matter\b|general\b|bonus\b|first\b|last\b)(?:[\w-]+ ){0,3}?[\w-]+?),? i\b"
)
"""As a teacher I read a lot."""
US = _frame(
    rf"there(?:'s|'re| is| are) (?P<adv>usually|always|mostly|normally|"
    rf"often) (?P<number>{_NUMBER}) of us(?P<rest>.*)$"
)
"""There are usually four of us."""
AT_TIMES = _frame(
    rf"(?P<rest>(?:mostly|only|usually|mainly|normally|always|generally|typically) (?=.*{_CONTEXT})(?:on|at|in|"
    rf"during|before|after|with|"
    r"alone|every|while)\b(?: [\w'-]+){1,7})$"
)
"""Only at weekends."""
KNOWN_VERB = re.compile(
    rf"\band (?P<adv>(?:(?:{_ADVERB}) )*)(?P<verb>{_DOES}|try|tend|need|have(?! (?:to|it|been|seen)\b)|love|like|"
    rf"enjoy|hate|prefer|don't|do not|am|sleep|play|watch|"
    r"read|listen)\b"
)
"""A second verb of a statement."""
