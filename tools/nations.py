"""Nations and languages by their adjectives, so that "Korean" finds the value South Korea in any catalogue."""

import re

_TABLE = """
Algeria: algerian|Argentina: argentinian, argentine|Australia: australian, aussie|Austria: austrian|Belgium: belgian
Bosnia and Herzegovina: bosnian|Brazil: brazilian|Bulgaria: bulgarian|Cambodia: cambodian|Canada: canadian
Chile: chilean|China: chinese|Colombia: colombian|Croatia: croatian|Cuba: cuban|Czech Republic: czech|Czechia: czech
Czechoslovakia: czechoslovak, czech|Denmark: danish|Egypt: egyptian|Estonia: estonian|Ethiopia: ethiopian
Finland: finnish|France: french|Georgia: georgian|Germany: german|Greece: greek|Hong Kong: hongkong, cantonese
Hungary: hungarian|Iceland: icelandic|India: indian|Indonesia: indonesian|Iran: iranian|Iraq: iraqi|Ireland: irish
Israel: israeli|Italy: italian|Jamaica: jamaican|Japan: japanese|Kenya: kenyan|Lebanon: lebanese|Malaysia: malaysian
Mali: malian|Mexico: mexican|Mongolia: mongolian|Morocco: moroccan|Netherlands: dutch|New Zealand: kiwi
Nigeria: nigerian|Norway: norwegian|Pakistan: pakistani|Palestine: palestinian|Peru: peruvian
Philippines: filipino, philippine|Poland: polish|Portugal: portuguese|Romania: romanian|Russia: russian
Senegal: senegalese|Serbia: serbian|Singapore: singaporean|South Africa: south african
South Korea: korean, south korean|Soviet Union: soviet, ussr|Spain: spanish|Sweden: swedish|Switzerland: swiss
Taiwan: taiwanese|Thailand: thai|Tunisia: tunisian|Turkey: turkish|Ukraine: ukrainian
United Kingdom: british, uk, english|United States: american, us, usa|Uruguay: uruguayan|Venezuela: venezuelan
Vietnam: vietnamese|Wales: welsh|Scotland: scottish|England: english
"""

_REGION_TABLE = """
scandinavian, nordic: Denmark, Norway, Sweden, Finland, Iceland
asian: China, Hong Kong, India, Indonesia, Japan, Malaysia, Philippines, Singapore, South Korea, Taiwan, Thailand,
  Vietnam
european: Austria, Belgium, Bulgaria, Croatia, Czech Republic, Czechoslovakia, Denmark, Finland, France, Germany,
  Greece, Hungary, Iceland, Ireland, Italy, Netherlands, Norway, Poland, Portugal, Romania, Russia, Serbia, Spain,
  Sweden, Switzerland, Ukraine, United Kingdom
latin american, south american: Argentina, Brazil, Chile, Colombia, Cuba, Mexico, Peru, Uruguay, Venezuela
african: Algeria, Egypt, Ethiopia, Kenya, Mali, Mauritania, Morocco, Nigeria, Senegal, South Africa, Tunisia
middle eastern: Egypt, Iran, Iraq, Israel, Lebanon, Palestine, Turkey
eastern european: Bulgaria, Czech Republic, Czechoslovakia, Hungary, Poland, Romania, Russia, Serbia, Soviet
  Union, Ukraine, Yugoslavia
"""

REGIONS: dict[str, tuple[str, ...]] = {}
"""Nation -> the regions that it belongs to, as adjectives, folded."""

for _entry in re.sub(r"\n  ", " ", _REGION_TABLE).replace("\n", "|").split("|"):
    _names, _, _nations = _entry.partition(":")
    for _nation in filter(None, (n.strip() for n in _nations.split(","))):
        REGIONS[_nation] = (*REGIONS.get(_nation, ()), *(n.strip() for n in _names.split(",")))

ADJECTIVES: dict[str, tuple[str, ...]] = {
    nation.strip(): tuple(a.strip() for a in adjectives.split(","))
    for entry in _TABLE.replace("\n", "|").split("|")
    if entry.strip()
    for nation, adjectives in [entry.split(":")]
}
"""Nation -> its adjectives, folded."""
