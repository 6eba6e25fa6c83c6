-- The 13 MIMIC-III tables that EHRCon checks notes against (Kwon et al. 2024); columns as in MIMIC-III v1.4.
create table d_icd_diagnoses (
    row_id int not null primary key, icd9_code varchar(10) not null, short_title varchar(50) not null,
    long_title varchar(255) not null
);
create table d_icd_procedures (
    row_id int not null primary key, icd9_code varchar(10) not null, short_title varchar(50) not null,
    long_title varchar(255) not null
);
create table d_labitems (
    row_id int not null primary key, itemid int not null, label varchar(100) not null, fluid varchar(100) not null,
    category varchar(100) not null, loinc_code varchar(100)
);
create table d_items (
    row_id int not null primary key, itemid int not null, label varchar(200), abbreviation varchar(100),
    dbsource varchar(20), linksto varchar(50), category varchar(100), unitname varchar(100), param_type varchar(30),
    conceptid int
);
create table diagnoses_icd (
    row_id int not null primary key, subject_id int not null, hadm_id int not null, seq_num int, icd9_code varchar(10)
);
create table procedures_icd (
    row_id int not null primary key, subject_id int not null, hadm_id int not null, seq_num int not null,
    icd9_code varchar(10) not null
);
create table labevents (
    row_id int not null primary key, subject_id int not null, hadm_id int, itemid int not null,
    charttime timestamp(0), value varchar(200), valuenum double precision, valueuom varchar(20), flag varchar(20)
);
create table prescriptions (
    row_id int not null primary key, subject_id int not null, hadm_id int not null, icustay_id int,
    startdate timestamp(0), enddate timestamp(0), drug_type varchar(100) not null, drug varchar(100) not null,
    drug_name_poe varchar(100), drug_name_generic varchar(100), formulary_drug_cd varchar(120), gsn varchar(200),
    ndc varchar(120), prod_strength varchar(120), dose_val_rx varchar(120), dose_unit_rx varchar(120),
    form_val_disp varchar(120), form_unit_disp varchar(120), route varchar(120)
);
create table chartevents (
    row_id int not null primary key, subject_id int not null, hadm_id int, icustay_id int, itemid int,
    charttime timestamp(0), storetime timestamp(0), cgid int, value varchar(255), valuenum double precision,
    valueuom varchar(50), warning int, error int, resultstatus varchar(50), stopped varchar(50)
);
create table inputevents_cv (
    row_id int not null primary key, subject_id int not null, hadm_id int, icustay_id int, charttime timestamp(0),
    itemid int, amount double precision, amountuom varchar(30), rate double precision, rateuom varchar(30),
    storetime timestamp(0), cgid int, orderid int, linkorderid int, stopped varchar(30), newbottle int,
    originalamount double precision, originalamountuom varchar(30), originalroute varchar(30),
    originalrate double precision, originalrateuom varchar(30), originalsite varchar(30)
);
create table inputevents_mv (
    row_id int not null primary key, subject_id int not null, hadm_id int, icustay_id int, starttime timestamp(0),
    endtime timestamp(0), itemid int, amount double precision, amountuom varchar(30), rate double precision,
    rateuom varchar(30), storetime timestamp(0), cgid int, orderid int, linkorderid int,
    ordercategoryname varchar(100), secondaryordercategoryname varchar(100),
    ordercomponenttypedescription varchar(200), ordercategorydescription varchar(50), patientweight double precision,
    totalamount double precision, totalamountuom varchar(50), isopenbag smallint, continueinnextdept smallint,
    cancelreason smallint, statusdescription varchar(30), comments_editedby varchar(30),
    comments_canceledby varchar(40), comments_date timestamp(0), originalamount double precision,
    originalrate double precision
);
create table outputevents (
    row_id int not null primary key, subject_id int not null, hadm_id int, icustay_id int, charttime timestamp(0),
    itemid int, value double precision, valueuom varchar(30), storetime timestamp(0), cgid int, stopped varchar(30),
    newbottle char(1), iserror int
);
create table microbiologyevents (
    row_id int not null primary key, subject_id int not null, hadm_id int, chartdate timestamp(0),
    charttime timestamp(0), spec_itemid int, spec_type_desc varchar(100), org_itemid int, org_name varchar(100),
    isolate_num smallint, ab_itemid int, ab_name varchar(30), dilution_text varchar(10),
    dilution_comparison varchar(20), dilution_value double precision, interpretation varchar(5)
);
