"""Templates of bank and card transactions, in Brazilian Portuguese."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """One kind of transaction. Amounts are cents. `sign` +1: money in. `method`: only for bank transfers."""

    text: str
    category: str
    low: int
    high: int
    sign: int = -1
    method: str = ""
    merchant: str = ""
    mcc: int = 0
    operation: str = ""
    every: int = 1


BANK = (
    Template("PIX ENVIADO {name}", "05070000", 2500, 42000, method="PIX", operation="PIX"),
    Template("PIX RECEBIDO {name}", "05070000", 3000, 90000, 1, "PIX", operation="PIX"),
    Template("PIX QR CODE PADARIA TRIGO DOURADO", "11010000", 780, 4600, method="PIX", merchant="Padaria Trigo Dourado",
             operation="PIX"),
    Template("TED ENVIADA {name}", "05080000", 30000, 180000, method="TED", operation="TED"),
    Template("PAGTO BOLETO CONDOMINIO EDIFICIO AROEIRA", "17030000", 45000, 82000, method="BOLETO", operation="BOLETO"),
    Template("PAGTO ELETRONICO LUZ DO VALE ENERGIA", "17020002", 9800, 31000, method="BOLETO", operation="BOLETO"),
    Template("PAGTO ELETRONICO AGUAS DA SERRA", "17020001", 5200, 14000, method="BOLETO", operation="BOLETO"),
    Template("COMPRA DEBITO SUPERMERCADO BOA COLHEITA", "10000000", 4200, 48000, merchant="Supermercado Boa Colheita"),
    Template("COMPRA DEBITO FARMACIA SAO BENTO", "18020000", 1500, 18500, merchant="Farmácia São Bento"),
    Template("COMPRA DEBITO POSTO ESTRELA DO SUL", "19050001", 8000, 32000, merchant="Posto Estrela do Sul"),
    Template("SAQUE CAIXA ELETRONICO", "05020000", 5000, 30000),
    Template("TARIFA PACOTE DE SERVICOS", "16010000", 1290, 4590),
    Template("RENDIMENTO APLICACAO AUTOMATICA", "03060000", 12, 890, 1),
)  # fmt: skip
SALARY = Template("CREDITO DE SALARIO {employer}", "01010000", 480000, 1650000, 1, "TED", operation="FOLHA_PAGAMENTO")
RENT = Template("PAGTO ALUGUEL IMOBILIARIA PORTAL", "17010000", 150000, 420000, method="BOLETO", operation="BOLETO")
SCHEDULED = Template(
    "BOLETO AGENDADO ESCOLA CAMINHO NOVO", "07020003", 89000, 210000, method="BOLETO", operation="BOLETO"
)
SAVINGS = Template("REMUNERACAO DA POUPANCA", "03060000", 320, 9800, 1)
CARD = (
    Template("CANTINA DA NONNA", "11010000", 3800, 21000, merchant="Cantina da Nonna", mcc=5812),
    Template("ENTREGA FACIL *LANCHES", "11020000", 2400, 11800, merchant="Entrega Fácil", mcc=5814),
    Template("CORRIDA JA VIAGEM", "19010000", 890, 6200, merchant="Corrida Já", mcc=4121),
    Template("CINE AURORA INGRESSOS", "07040003", 2800, 9600, merchant="Cine Aurora", mcc=7832),
    Template("LIVRARIA PONTO E VIRGULA", "08060000", 2900, 24000, merchant="Livraria Ponto e Vírgula", mcc=5942),
    Template("MODA TROPICAL", "08040000", 7900, 52000, merchant="Moda Tropical", mcc=5651, every=3),
    Template("CASA DOS ELETROS", "08020000", 60000, 380000, merchant="Casa dos Eletros", mcc=5732, every=6),
    Template("SERIES ILIMITADAS", "09020000", 2190, 5590, merchant="Séries Ilimitadas", mcc=4899),
    Template("ACADEMIA VIDA PLENA", "07030001", 8900, 16900, merchant="Academia Vida Plena", mcc=7997),
    Template("DROGARIA SANTA LUZIA", "18020000", 1900, 22000, merchant="Drogaria Santa Luzia", mcc=5912),
    Template("HORTIFRUTI QUINTAL", "10000000", 3100, 18700, merchant="Hortifruti Quintal", mcc=5411),
)
ABROAD = Template("CLOUDBERRY SOFTWARE LTD", "09040000", 900, 12900, merchant="Cloudberry Software", mcc=5734)
BILL_PAYMENT = Template("PAGAMENTO RECEBIDO - OBRIGADO", "05100000", 90000, 320000, 1, operation="PAGAMENTO_FATURA")
REFUND = Template("ESTORNO MODA TROPICAL", "08040000", 7900, 19900, 1, merchant="Moda Tropical", operation="ESTORNO")
ANNUAL_FEE = Template("ANUIDADE DIFERENCIADA", "16030000", 1990, 4990, operation="TARIFA")
BILL_PAID = Template("PAGTO FATURA CARTAO DE CREDITO", "05100000", 90000, 320000)
OWN_OUT = Template("PIX ENVIADO MESMA TITULARIDADE", "04020000", 10000, 90000, method="PIX", operation="PIX")
OWN_IN = Template("PIX RECEBIDO MESMA TITULARIDADE", "04020000", 10000, 90000, 1, "PIX", operation="PIX")
# Bought in instalments
IN_TEN = Template("CASA DOS ELETROS", "08020000", 12000, 38000, merchant="Casa dos Eletros", mcc=5732)
SAID = Template("LIVRARIA PONTO E VIRGULA", "08060000", 2900, 9000, merchant="Livraria Ponto e Vírgula", mcc=5942)
