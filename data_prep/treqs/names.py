"""Given names and surnames for the patients of the TREQS view; any likeness is chance."""

# ruff: noqa: SIM905 -- a list of ninety quoted names is no easier to read

WOMEN = (
    "alice anna barbara beatrice betty carmen carol catherine clara cora diane donna dorothy edith edna elaine eleanor "
    "elena elizabeth ellen emma esther eva fatima florence frances gloria grace hannah harriet helen ida inez irene "
    "jane janet jean joan josephine joyce judith julia karen laura lena leona lillian linda lois louise lucy lydia "
    "margaret maria marie marion martha mary mei miriam nancy nina nora olga pamela patricia pauline pearl phyllis rosa "
    "ruth sandra sarah sharon shirley sofia stella susan sylvia tamara theresa vera viola virginia yvonne"
).split()
MEN = (
    "aaron abel albert alfred allen andrew anthony arnold arthur benjamin bernard brian carl carlos charles chester "
    "clarence daniel david dennis diego donald douglas earl edgar edward edwin ernest eugene felix floyd francis frank "
    "fred gary george gerald gilbert glenn gordon gregory harold harry hector henry herbert herman howard hugo ivan "
    "jack jacob james jerome john jorge joseph karl keith kenneth lawrence leo leon leonard lewis louis luis marcus mark "
    "martin max michael miguel milton nathan norman omar oscar otto patrick paul peter philip ralph raymond richard "
    "robert roger roy samuel stephen theodore thomas victor vincent walter warren wei william"
).split()
SURNAMES = (
    "abbott adler alvarez bailey baker barnes becker bell bennett blake brandt brennan brooks bryant burke burns carey "
    "carlson carver chen cohen cole collins cooper cortez costa crane cruz daly dawson delgado diaz dixon dolan doyle "
    "drake duarte dunn eaton ellis engel farrell feldman fischer fleming flores foley ford foster fox frank garcia "
    "gibbs gomez goodwin grant greene griffin haas hale hansen harper hart hayes hicks hoffman holt howe hughes hunt "
    "ito jansen jensen jordan kaplan keller kelly kemp kerr klein knight kramer lam lane lang larsen leary lee levin lim "
    "lopez lowe lucas lynch mann marsh mason mccoy mendez meyer mills molina moody moore moran moss murphy myers nash "
    "nelson newton nolan novak ochoa olson ortiz owens palmer park patel pena perry pham pierce pope porter quinn ramos "
    "reed reyes rhodes riley rivera rojas romano rosen ross rowe ruiz russo sanders santos schmidt shaw silva simon "
    "singh sloan snyder sousa steele stein stone sutton tanaka tate todd torres tran tucker vance vargas vega wade walsh "
    "ward watts weber weiss west wolfe wong wood wright yang young zamora ziegler"
).split()
