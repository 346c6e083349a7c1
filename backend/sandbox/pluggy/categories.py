"""The category tree: eight-digit ids, children under their parent's first two or four digits."""

from .wire import Doc

TREE = """
01000000 Income|Renda
01010000 Salary|Salário
01020000 Retirement pension|Aposentadoria
01030000 Freelance work|Trabalho autônomo
01040000 Public benefits|Benefícios do governo
01050000 Other earnings|Outros rendimentos
02000000 Loans and financing|Empréstimos e financiamentos
02010000 Overdraft use|Uso do cheque especial
02020000 Personal loan|Empréstimo pessoal
02030000 Financing|Financiamento
02030001 Home financing|Financiamento da casa
02030002 Vehicle financing|Financiamento do veículo
02030003 Student financing|Financiamento estudantil
03000000 Investments|Investimentos
03010000 Automatic investment|Aplicação automática
03020000 Fixed income|Renda fixa
03030000 Investment funds|Fundos de investimento
03040000 Stocks|Ações
03050000 Pension plan|Previdência privada
03060000 Interest and dividends|Juros e dividendos
04000000 Own transfers|Transferências próprias
04010000 Own transfer by cash|Transferência própria em dinheiro
04020000 Own transfer by Pix|Transferência própria por Pix
04030000 Own transfer by TED|Transferência própria por TED
05000000 Transfers|Transferências
05010000 Bank slip payment|Pagamento de boleto
05020000 Cash movement|Movimento em dinheiro
05030000 Cheque|Cheque
05040000 DOC transfer|Transferência por DOC
05050000 Currency exchange|Câmbio
05060000 Transfer inside the bank|Transferência no mesmo banco
05070000 Pix transfer|Transferência por Pix
05080000 TED transfer|Transferência por TED
05090000 Transfer to third parties|Transferência a terceiros
05100000 Card bill payment|Pagamento de fatura
06000000 Legal obligations|Obrigações legais
06010000 Blocked funds|Valores bloqueados
06020000 Child support|Pensão alimentícia
07000000 Services|Serviços
07010000 Telecom|Telecomunicações
07010001 Internet access|Internet
07010002 Mobile plan|Celular
07010003 Television|Televisão
07020000 Education|Educação
07020001 Courses|Cursos
07020002 University|Faculdade
07020003 School|Escola
07020004 Nursery|Creche
07030000 Wellness|Bem-estar
07030001 Gym|Academia
07030002 Sports|Esportes
07040000 Tickets|Ingressos
07040001 Stadium|Estádios
07040002 Museums|Museus
07040003 Cinema and theatre|Cinema e teatro
08000000 Shopping|Compras
08010000 Online shopping|Compras na internet
08020000 Electronics|Eletrônicos
08030000 Pets|Animais de estimação
08040000 Clothes|Roupas
08050000 Toys and children|Brinquedos e crianças
08060000 Books|Livros
08070000 Sports articles|Artigos esportivos
08080000 Office supplies|Papelaria
08090000 Cashback|Dinheiro de volta
09000000 Digital services|Serviços digitais
09010000 Games|Jogos eletrônicos
09020000 Video streaming|Vídeo sob demanda
09030000 Music streaming|Música sob demanda
09040000 Cloud and software|Nuvem e programas
10000000 Groceries|Supermercado
11000000 Food and drink|Alimentação
11010000 Eating out|Restaurantes e bares
11020000 Food delivery|Entrega de comida
12000000 Travel|Viagens
12010000 Airlines|Companhias aéreas
12020000 Lodging|Hospedagem
12030000 Mileage|Programas de milhas
12040000 Bus travel|Ônibus rodoviário
13000000 Donations|Doações
14000000 Betting|Apostas
14010000 Lottery|Loteria
14020000 Online betting|Apostas na internet
15000000 Taxes|Impostos
15010000 Income tax|Imposto de renda
15020000 Tax on investments|Imposto sobre investimentos
15030000 Financial operations tax|Imposto sobre operações financeiras
16000000 Bank fees|Tarifas bancárias
16010000 Account fee|Tarifa da conta
16020000 Transfer fee|Tarifa de transferência
16030000 Card annual fee|Anuidade do cartão
17000000 Housing|Moradia
17010000 Rent|Aluguel
17020000 Utilities|Contas da casa
17020001 Water|Água
17020002 Electricity|Energia elétrica
17020003 Gas|Gás
17030000 House care|Cuidados com a casa
17040000 Property tax|Imposto predial
18000000 Health|Saúde
18010000 Dentist|Dentista
18020000 Pharmacy|Farmácia
18030000 Optician|Ótica
18040000 Hospitals and labs|Hospitais e laboratórios
19000000 Transport|Transporte
19010000 Ride hailing|Carros por aplicativo
19020000 Public transport|Transporte público
19030000 Car rental|Aluguel de carros
19040000 Bicycle|Bicicleta
19050000 Vehicle|Automóvel
19050001 Fuel|Combustível
19050002 Parking|Estacionamento
19050003 Tolls|Pedágios
19050004 Vehicle tax|Imposto do veículo
19050005 Vehicle maintenance|Manutenção do veículo
19050006 Traffic fines|Multas de trânsito
20000000 Insurance|Seguros
20010000 Life insurance|Seguro de vida
20020000 Home insurance|Seguro residencial
20030000 Health insurance|Plano de saúde
20040000 Vehicle insurance|Seguro do veículo
21000000 Leisure|Lazer
99999999 Other|Outros
"""


def _parent(key: str, known: dict[str, tuple[str, str]]) -> str | None:
    for digits in (4, 2):
        candidate = key[:digits] + "0" * (8 - digits)
        if candidate != key and candidate in known:
            return candidate
    return None


def _load() -> dict[str, Doc]:
    named: dict[str, tuple[str, str]] = {}
    for line in TREE.split("\n"):
        if line:
            english, _, portuguese = line[9:].partition("|")
            named[line[:8]] = (english, portuguese)
    return {key: _document(key, named) for key in named}


def _document(key: str, named: dict[str, tuple[str, str]]) -> Doc:
    parent = _parent(key, named)
    return {
        "id": key,
        "description": named[key][0],
        "descriptionTranslated": named[key][1],
        "parentId": parent,
        "parentDescription": named[parent][0] if parent else None,
    }


CATEGORIES = _load()


def name_of(key: str) -> str:
    """The English description, as `Transaction.category` holds it."""
    found: str = CATEGORIES[key]["description"]
    return found
