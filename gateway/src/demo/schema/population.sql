-- The synthetic population registry: tables as the real one would have them, Vietnamese names
-- without marks, values as the upstream CongDan writes them.
--   dates        TEXT as written by the registry: dd/mm/yyyy, mm/yyyy, yyyy, 00/00/yyyy, 00/mm/yyyy
--   moments      TEXT yyyyMMddHHmmss, Viet Nam time (UTC+7)
--   absent       NULL, never an empty text
-- An address has nine columns and the edition that its codes are read with
-- (_danh_muc: 'QD19/2025' since 1 July 2025, 'QD124/2004' before; a district only in the latter).
CREATE TABLE cong_dan (
    so_dinh_danh            TEXT NOT NULL,  -- 12 digits: the key
    so_cmnd                 TEXT,           -- 9 digits; not unique: two persons may carry one
    ho_ten                  TEXT NOT NULL,  -- as recorded: capitals or not, any Unicode form
    ngay_sinh               TEXT,
    gioi_tinh               TEXT,           -- '0' unknown, '1' Nam, '2' Nữ, '3' khác
    dan_toc                 TEXT,           -- list dan_toc, 2 digits: '01' Kinh …
    ten_dan_toc             TEXT,
    ton_giao                TEXT,           -- list ton_giao, 2 digits: '00' Không …
    ten_ton_giao            TEXT,
    quoc_tich               TEXT,           -- ISO 3166-1 alpha-2
    tinh_trang_hon_nhan     TEXT,           -- '0' unknown, '1' chưa kết hôn, '2' đang có vợ/chồng, '3' ly hôn hoặc góa
    nhom_mau                TEXT,           -- '00' unknown, '01' A, '02' B, '03' AB, '04' O

    khai_sinh_chi_tiet      TEXT,           -- birth registration place
    khai_sinh_ma_xa         TEXT,
    khai_sinh_ten_xa        TEXT,
    khai_sinh_ma_huyen      TEXT,
    khai_sinh_ten_huyen     TEXT,
    khai_sinh_ma_tinh       TEXT,
    khai_sinh_ten_tinh      TEXT,
    khai_sinh_quoc_gia      TEXT,
    khai_sinh_dia_chi       TEXT,           -- the whole address as text
    khai_sinh_danh_muc      TEXT,

    que_quan_chi_tiet       TEXT,           -- home place
    que_quan_ma_xa          TEXT,
    que_quan_ten_xa         TEXT,
    que_quan_ma_huyen       TEXT,
    que_quan_ten_huyen      TEXT,
    que_quan_ma_tinh        TEXT,
    que_quan_ten_tinh       TEXT,
    que_quan_quoc_gia       TEXT,
    que_quan_dia_chi        TEXT,
    que_quan_danh_muc       TEXT,

    thuong_tru_chi_tiet     TEXT,           -- permanent residence
    thuong_tru_ma_xa        TEXT,
    thuong_tru_ten_xa       TEXT,
    thuong_tru_ma_huyen     TEXT,
    thuong_tru_ten_huyen    TEXT,
    thuong_tru_ma_tinh      TEXT,
    thuong_tru_ten_tinh     TEXT,
    thuong_tru_quoc_gia     TEXT,
    thuong_tru_dia_chi      TEXT,
    thuong_tru_danh_muc     TEXT,

    noi_o_chi_tiet          TEXT,           -- current residence, only where it is another one
    noi_o_ma_xa             TEXT,
    noi_o_ten_xa            TEXT,
    noi_o_ma_huyen          TEXT,
    noi_o_ten_huyen         TEXT,
    noi_o_ma_tinh           TEXT,
    noi_o_ten_tinh          TEXT,
    noi_o_quoc_gia          TEXT,
    noi_o_dia_chi           TEXT,
    noi_o_danh_muc          TEXT,

    cha_ho_ten              TEXT,
    cha_so_dinh_danh        TEXT,
    cha_so_cmnd             TEXT,
    cha_quoc_tich           TEXT,
    cha_ngay_sinh           TEXT,

    me_ho_ten               TEXT,
    me_so_dinh_danh         TEXT,
    me_so_cmnd              TEXT,
    me_quoc_tich            TEXT,
    me_ngay_sinh            TEXT,

    vo_chong_ho_ten         TEXT,
    vo_chong_so_dinh_danh   TEXT,
    vo_chong_so_cmnd        TEXT,
    vo_chong_quoc_tich      TEXT,
    vo_chong_ngay_sinh      TEXT,

    dai_dien_ho_ten         TEXT,           -- legal representative
    dai_dien_so_dinh_danh   TEXT,
    dai_dien_so_cmnd        TEXT,
    dai_dien_quoc_tich      TEXT,
    dai_dien_ngay_sinh      TEXT,

    chu_ho_ho_ten           TEXT,           -- head of the household
    chu_ho_so_dinh_danh     TEXT,
    chu_ho_so_cmnd          TEXT,
    chu_ho_quoc_tich        TEXT,
    chu_ho_ngay_sinh        TEXT,
    chu_ho_quan_he          TEXT,           -- list quan_he_chu_ho: '00' chủ hộ, '01' vợ/chồng, '02' con, '03' cha/mẹ …
    chu_ho_ten_quan_he      TEXT,
    so_ho_so_cu_tru         TEXT,           -- household file

    the_ngay_cap            TEXT,           -- identity card in force
    the_noi_cap             TEXT,
    the_ngay_het_han        TEXT,           -- NULL when the card has no end

    trang_thai_song         TEXT,           -- '1' còn sống, '2' đã chết, '3' mất tích
    ngay_chet               TEXT,
    dien_thoai              TEXT,
    thu_dien_tu             TEXT,
    thay_boi_so             TEXT,           -- the number that took this one's place
    thoi_diem_du_lieu       TEXT NOT NULL,  -- moment until which the registry vouches for the row
    phien_ban               TEXT NOT NULL
);

-- Other names, in the order of thu_tu.
CREATE TABLE ten_khac (
    so_dinh_danh            TEXT NOT NULL,
    thu_tu                  INTEGER NOT NULL,
    ho_ten                  TEXT NOT NULL,
    PRIMARY KEY (so_dinh_danh, thu_tu)
) WITHOUT ROWID;

-- Indexes: made after the load.
CREATE UNIQUE INDEX cong_dan_so_dinh_danh ON cong_dan (so_dinh_danh);
CREATE INDEX cong_dan_so_cmnd ON cong_dan (so_cmnd) WHERE so_cmnd IS NOT NULL;
